using CsiTcmu.Linux;
using CsiTcmu.Volumes;

// The driver with one addition: it kills itself at the fault point whose name stands in the file that CSI_TCMU_TEST_FAULT_FILE names.
const int KillSignal = 9;

if (Environment.GetEnvironmentVariable("CSI_TCMU_TEST_FAULT_FILE") is { Length: > 0 } file)
{
    FaultPoints.Observer = name =>
    {
        if (!File.Exists(file) || !string.Equals(name, File.ReadAllText(file), StringComparison.Ordinal)) return;
        File.Delete(file);
        _ = Syscalls.Kill(Environment.ProcessId, KillSignal);
        Thread.Sleep(Timeout.Infinite); // The signal ends the process before this step goes on.
    };
}

var driver = System.Reflection.Assembly.Load("csi-tcmu").EntryPoint!;
return driver.Invoke(null, [args]) switch
{
    Task<int> task => await task,
    int status => status,
    _ => 0,
};
