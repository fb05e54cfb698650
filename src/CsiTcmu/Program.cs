using System.CommandLine;
using CsiTcmu.Memory;
using CsiTcmu.Verbs;

// Only what serves disks needs it; the controller neither may set it nor starts twice.
if (args is not ["controller", ..]) MemoryDiscipline.EnterFlusher();

var root = new RootCommand("A Kubernetes CSI driver: every volume is a SCSI disk, served by this process through TCMU")
{
    StandaloneVerb.Create(),
    ControllerVerb.Create(),
    StandaloneVerb.CreateNode(),
    DoctorVerb.Create(),
    VersionVerb.Create(),
};

// Termination is the verbs' own affair: a disk is drained before the process ends.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
