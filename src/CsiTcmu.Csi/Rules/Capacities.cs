using Csi.V1;
using CsiTcmu.Volumes;
using Grpc.Core;

namespace CsiTcmu.Csi.Rules;

/// <summary>Rules of <c>CapacityRange</c>. A range that is not said is INVALID_ARGUMENT, one that cannot be is OUT_OF_RANGE.</summary>
internal static class Capacities
{
    private const string Field = "capacity_range";

    /// <summary>A range that must be there.</summary>
    public static SizeRange Required(CapacityRange? range) => Optional(Fields.Required(range, Field));

    /// <summary>A range that may be absent; zero then.</summary>
    public static SizeRange Optional(CapacityRange? range)
    {
        if (range is null)
            return default;
        var (required, limit) = (range.RequiredBytes, range.LimitBytes);
        if (required < 0)
            throw OutOfRange($"{Field}.required_bytes is negative: {required}");
        if (limit < 0)
            throw OutOfRange($"{Field}.limit_bytes is negative: {limit}");
        if (required == 0 && limit == 0)
            throw CsiErrors.InvalidArgument($"{Field} says neither required_bytes nor limit_bytes");
        if (limit != 0 && limit < required)
            throw OutOfRange($"{Field}.limit_bytes {limit} is less than required_bytes {required}");
        return new SizeRange(required, limit);
    }

    private static RpcException OutOfRange(string message) => CsiErrors.Error(StatusCode.OutOfRange, message);
}
