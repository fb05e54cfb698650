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
    [InlineData("fast=/pool", "1")]
    [InlineData("fast=/pool,overcommitRatio=1.0", "1")]
    [InlineData("fast=/pool,overcommitRatio=2.5,reserve=7", "2.5")]
    [InlineData("fast=/pool,reserve=7,overcommitRatio=1000", "1000")]
    public void A_pool_may_promise_more_than_it_has(string text, string ratio)
    {
        var pool = PoolSpecification.Parse(text);
        Assert.Equal(decimal.Parse(ratio, System.Globalization.CultureInfo.InvariantCulture), pool.OvercommitRatio);
        Assert.Equal(text.Contains("reserve", StringComparison.Ordinal) ? 7 : 0, pool.Reserve);
    }

    [Theory]
    [InlineData("fast=/pool,overcommitRatio=0.99", "0.99")]
    [InlineData("fast=/pool,overcommitRatio=", "from 1 to 1000")]
    [InlineData("fast=/pool,overcommitRatio=-2", "-2")]
    [InlineData("fast=/pool,overcommitRatio=1,5", "'5'")]
    [InlineData("fast=/pool,overcommitRatio=1e2", "1e2")]
    [InlineData("fast=/pool,overcommitRatio=1001", "1001")]
    [InlineData("fast=/pool,overcommitRatio=99999999999999999999999999999999", "from 1 to 1000")]
    [InlineData("fast=/pool,OvercommitRatio=2", "OvercommitRatio=2")]
    [InlineData("fast=/pool,overcommitRatio=2,overcommitRatio=3", "twice")]
    [InlineData("fast=/pool,reserve=2,reserve=3", "twice")]
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
