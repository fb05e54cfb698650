// Two processors and real devices: side by side, tests would only measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
