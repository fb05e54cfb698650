// Mounts, loop devices and the observer of fault points belong to the whole process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
