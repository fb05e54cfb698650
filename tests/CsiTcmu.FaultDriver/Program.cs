using CsiTcmu.Linux;
using CsiTcmu.Volumes;

// The driver with one addition: it kills itself at the fault point that CSI_TCMU_TEST_FAULT names.
const int KillSignal = 9;

if (Environment.GetEnvironmentVariable("CSI_TCMU_TEST_FAULT") is { Length: > 0 } fault)
{
    FaultPoints.Observer = name =>
    {
        if (!string.Equals(name, fault, StringComparison.Ordinal)) return;
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
