namespace CsiTcmu.Kernel.Tests;

/// <summary>What other tests stand on: places for pools that take direct I/O.</summary>
public sealed class ScratchFileSystemTests
{
    [Theory]
    [InlineData("xfs")]
    [InlineData("ext4")]
    public void A_scratch_file_system_takes_direct_IO_and_goes_without_a_trace(string kind)
    {
        var before = KernelState.Take();
        using (var scratch = new ScratchFileSystem(kind))
        {
            ScratchFileSystem.Run("dd", "if=/dev/zero", $"of={scratch.Path}/file", "bs=4096", "count=16", "oflag=direct");
            Assert.Equal(65536, new FileInfo($"{scratch.Path}/file").Length);
            if (kind == "xfs")
            {
                ScratchFileSystem.Run("cp", "--reflink=always", $"{scratch.Path}/file", $"{scratch.Path}/clone");
            }
        }

        Assert.Equal(before, KernelState.Take());
    }

    [Fact]
    public void Two_at_a_time_are_apart()
    {
        using var one = new ScratchFileSystem("xfs");
        using var two = new ScratchFileSystem("xfs");
        using var three = new ScratchFileSystem("ext4");
        File.WriteAllText($"{one.Path}/here", "");
        Assert.False(File.Exists($"{two.Path}/here"));
        Assert.False(File.Exists($"{three.Path}/here"));
    }
}
