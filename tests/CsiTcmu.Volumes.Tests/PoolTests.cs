using System.Diagnostics;
using CsiTcmu.Volumes.Tests.Support;
using static CsiTcmu.Volumes.Tests.Support.Wishes;

namespace CsiTcmu.Volumes.Tests;

public sealed class PoolTests : CatalogueTest
{
    [Fact]
    public async Task A_second_process_is_refused_by_name_and_holder()
    {
        using var holder = Process.Start(new ProcessStartInfo("flock", [Pool + "/.lock", "sh", "-c", "echo 12345 > \"$0\"; echo ready; exec sleep 600", Pool + "/.lock"]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        try
        {
            Assert.Equal("ready", await holder.StandardOutput.ReadLineAsync());
            var failure = Assert.Throws<VolumeException>(() => Catalogue);
            Assert.Equal(VolumeError.FailedPrecondition, failure.Error);
            Assert.Contains("'test'", failure.Message);
            Assert.EndsWith("process 12345; stop that process, or give this one another pool", failure.Message);
        }
        finally
        {
            holder.Kill(entireProcessTree: true);
            await holder.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task A_holder_that_ends_is_waited_for()
    {
        using var holder = Process.Start(new ProcessStartInfo("flock", [Pool + "/.lock", "sh", "-c", "echo ready; sleep 0.5"]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        Assert.Equal("ready", await holder.StandardOutput.ReadLineAsync());
        VolumeCatalogue.Open([PoolSpecification.Parse(Specification)], Disks, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, TimeSpan.FromMinutes(1)).Dispose();
        await holder.WaitForExitAsync();
    }

    [Fact]
    public void One_folder_is_one_pool()
    {
        Assert.Contains("another pool", Assert.Throws<VolumeException>(() => Open("other=" + Pool)).Message);
        Assert.Contains("twice", Assert.Throws<VolumeException>(() => Open("test=" + Mount.Make("x"))).Message);
        Open().Dispose();
        Assert.Equal($"{Environment.ProcessId}\n", File.ReadAllText(Pool + "/.lock"));
    }

    [Fact]
    public void No_pool_that_is_there_is_an_error_that_says_why()
    {
        Specification = "test=/no/such/folder";
        var failure = Assert.Throws<VolumeException>(() => Catalogue);
        Assert.Contains("/no/such/folder does not exist", failure.Message);
        File.WriteAllText(Mount.Folder + "/file", "");
        Specification = $"test={Mount.Folder}/file";
        Assert.Contains("not a folder", Assert.Throws<VolumeException>(() => Catalogue).Message);
    }

    [Fact]
    public async Task A_pool_that_is_missing_does_not_keep_the_others_from_working()
    {
        var late = Mount.Folder + "/late";
        using var catalogue = Open("late=" + late);
        await catalogue.CreateAsync(Of("a", parameters: [("pool", "test")]), CancellationToken.None);
        Assert.Equal("a", (await catalogue.GetAsync("a", CancellationToken.None)).Id);
        await catalogue.DeleteAsync("a", CancellationToken.None);
        await FailsAsync(VolumeError.Unavailable, () => catalogue.CreateAsync(Of("a"), CancellationToken.None));
        await FailsAsync(VolumeError.Unavailable, () => catalogue.CreateAsync(Of("b", parameters: [("pool", "late")]), CancellationToken.None));

        // It may hold the volume that is asked for.
        await FailsAsync(VolumeError.Unavailable, () => catalogue.GetAsync("unknown", CancellationToken.None));
        await FailsAsync(VolumeError.Unavailable, () => catalogue.DeleteAsync("unknown", CancellationToken.None));

        Directory.CreateDirectory(late);
        await catalogue.CreateAsync(Of("b", parameters: [("pool", "late")]), CancellationToken.None);
        await FailsAsync(VolumeError.NotFound, () => catalogue.GetAsync("unknown", CancellationToken.None));
    }

    [Fact]
    public async Task A_pool_that_is_gone_is_unavailable_and_nothing_is_made_in_its_place()
    {
        await CreateAsync(Of("a"));
        Directory.Move(Pool, Pool + ".away");
        await AllFailAsync();
        Assert.False(Directory.Exists(Pool));

        // Another folder in its place is not the pool.
        Directory.CreateDirectory(Pool);
        await AllFailAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Pool));
        Directory.Delete(Pool);

        Directory.Move(Pool + ".away", Pool);
        Assert.Equal("a", (await GetAsync("a")).Id);

        async Task AllFailAsync()
        {
            await FailsAsync(VolumeError.Unavailable, () => CreateAsync(Of("a")));
            await FailsAsync(VolumeError.Unavailable, () => CreateAsync(Of("b")));
            await FailsAsync(VolumeError.Unavailable, () => GetAsync("a"));
            await FailsAsync(VolumeError.Unavailable, () => DeleteAsync("a"));
            await FailsAsync(VolumeError.Unavailable, () => ExpandAsync("a", Gibibyte));
            await FailsAsync(VolumeError.Unavailable, AvailableAsync);
            await FailsAsync(VolumeError.Unavailable, () => Catalogue.ListAsync(0, "", CancellationToken.None));
        }
    }

    [Fact]
    public async Task A_read_only_pool_says_so_and_keeps_what_it_has()
    {
        await CreateAsync(Of("a"));
        var before = State();
        Mount.Remount("ro");
        Assert.Contains("read-only", (await FailsAsync(VolumeError.Unavailable, () => CreateAsync(Of("b")))).Message);
        await FailsAsync(VolumeError.Unavailable, () => DeleteAsync("a"));
        await FailsAsync(VolumeError.Unavailable, () => ExpandAsync("a", 128 * Mebibyte));
        Assert.Equal(64 * Mebibyte, (await CreateAsync(Of("a"))).Size);
        Mount.Remount("rw");
        Assert.Equal(before, State());
    }

    [Fact]
    public async Task A_file_system_that_is_full_behind_our_back_leaves_nothing_half_made()
    {
        await CreateAsync(Of("a"));
        var before = State();

        // Inodes run out first: two are left, a volume needs three.
        Mount.Remount("nr_inodes=" + (Directory.EnumerateFileSystemEntries(Mount.Folder, "*", SearchOption.AllDirectories).Count() + 3));
        Assert.Contains("full", (await FailsAsync(VolumeError.Exhausted, () => CreateAsync(Of("b")))).Message);
        Assert.Equal(before, State());
    }
}
