using CsiTcmu.Linux.Sysfs;

namespace CsiTcmu.Linux.Tests;

/// <summary>A mapping that goes while another one is looked for is not in the way.</summary>
public sealed class MappedDeviceTests
{
    [Theory]
    [InlineData(Errno.InvalidArgument, true)]
    [InlineData(Errno.NoDevice, true)]
    [InlineData(Errno.InputOutput, false)]
    [InlineData(Errno.Busy, false)]
    public void An_attribute_that_cannot_be_read_means_that_the_device_goes_or_something_else(int error, bool gone) =>
        Assert.Equal(gone, MappedDevice.IsGone(new IOException("as the runtime has it", error)));

    [Fact]
    public void What_is_not_of_the_device_mapper_is_no_mapping()
    {
        foreach (var folder in Directory.EnumerateDirectories("/sys/class/block").Where(folder => !Directory.Exists(folder + "/dm")))
            Assert.Null(MappedDevice.Of(BlockDevice.Find(Path.GetFileName(folder))!));
        Assert.Null(MappedDevice.Find("csi-tcmu-that-nobody-made"));
    }
}
