namespace CsiTcmu.Kernel.Tests.Machine;

/// <summary>Exports a TCMU device of the driver through the kernel's iSCSI target on loopback, beside its tcm_loop LUN.</summary>
internal sealed class IscsiExport : IDisposable
{
    private const string Root = "/sys/kernel/config/target/iscsi";
    // Where the kernel's core keeps persistent reservations that outlive a power loss (target_core_pr.c).
    private const string ReservationFolder = "/var/target/pr";
    private const string Portal = "127.0.0.1:3260";
    private readonly string _target;
    private readonly string _group;
    private readonly string _link;

    /// <summary>Makes target, portal and LUN 0.</summary>
    /// <param name="name">Last part of the target's name.</param>
    /// <param name="device">The device's folder in configfs.</param>
    public IscsiExport(string name, string device)
    {
        _target = "iqn.2026-01.io.csi-tcmu:" + name;
        _group = $"{Root}/{_target}/tpgt_1";
        _link = $"{_group}/lun/lun_0/device";
        Directory.CreateDirectory(ReservationFolder);
        Directory.CreateDirectory(Root);
        Directory.CreateDirectory($"{_group}/lun/lun_0");
        File.CreateSymbolicLink(_link, device);
        Write("attrib/authentication", "0");
        Write("attrib/generate_node_acls", "1");
        Write("attrib/cache_dynamic_acls", "1");
        Write("attrib/demo_mode_write_protect", "0");
        Directory.CreateDirectory($"{_group}/np/{Portal}");
        Write("enable", "1");
    }

    /// <summary>Where an initiator finds it.</summary>
    public string Url => $"iscsi://{Portal}/{_target}/0";

    /// <summary>Removes it all.</summary>
    public void Dispose()
    {
        Write("enable", "0");
        Directory.Delete($"{_group}/np/{Portal}");
        File.Delete(_link);
        Directory.Delete($"{_group}/lun/lun_0");
        Directory.Delete(_group);
        Directory.Delete($"{Root}/{_target}");
    }

    private void Write(string attribute, string value) => File.WriteAllText($"{_group}/{attribute}", value);
}
