namespace CsiTcmu.Volumes.Tests;

public sealed class PoolSpecificationTests
{
    [Theory]
    [InlineData("fast=/pool", "fast", "/pool", 0)]
    [InlineData("a-1=/", "a-1", "/", 0)]
    [InlineData("fast=/pool/,reserve=10Gi", "fast", "/pool", 10L << 30)]
    [InlineData("fast=/po=ol,reserve=7", "fast", "/po=ol", 7)]
    [InlineData("fast=/pool,reserve=5G", "fast", "/pool", 5_000_000_000)]
    public void A_specification_is_read(string text, string name, string path, long reserve) =>
        Assert.Equal(new PoolSpecification(name, path, reserve), PoolSpecification.Parse(text));

    [Theory]
    [InlineData("", "NAME=PATH")]
    [InlineData("/pool", "NAME=PATH")]
    [InlineData("=/pool", "name")]
    [InlineData("Fast=/pool", "Fast")]
    [InlineData("a/b=/pool", "a/b")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123=/pool", "63")]
    [InlineData("fast=pool", "absolute")]
    [InlineData("fast=", "absolute")]
    [InlineData("fast=/pool,reserve", "reserve")]
    [InlineData("fast=/pool,reserve=", "size")]
    [InlineData("fast=/pool,reserve=-1", "-1")]
    [InlineData("fast=/pool,reserve=10GiB", "10GiB")]
    [InlineData("fast=/pool,reserve=9999999999Ti", "9999999999Ti")]
    [InlineData("fast=/pool,size=1", "size=1")]
    public void Anything_else_is_refused_with_what_is_wrong(string text, string names) =>
        Assert.Contains(names, Assert.Throws<FormatException>(() => PoolSpecification.Parse(text)).Message);
}
