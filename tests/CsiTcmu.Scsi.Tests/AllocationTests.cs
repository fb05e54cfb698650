namespace CsiTcmu.Scsi.Tests;

public class AllocationTests
{
    [Fact]
    public void Nothing_is_allocated_for_a_hundred_thousand_commands()
    {
        LogicalUnit unit = Disk.Of(512);
        byte[][] cdbs =
        [
            .. Supported.Of(unit).Select(command => command.Bare),
            Cdb.Ten(0x28, 5, 8), Cdb.Sixteen(0x8A, 5, 8, flags: 8), Cdb.Sixteen(0x88, ulong.MaxValue, 8), Cdb.Ten(0x28, 0, 1, flags: 0x20),
            Cdb.Ten(0x42, 0, 24), Cdb.CompareAndWrite(1, 4), Cdb.Sixteen(0x93, 0, 8, flags: 9), Cdb.Sixteen(0x9E, 0, 4096, flags: 0x12),
            Cdb.Inquiry(255), Cdb.Inquiry(255, 0x00), Cdb.Inquiry(255, 0x80), Cdb.Inquiry(255, 0x83), Cdb.Inquiry(255, 0xB0), Cdb.Inquiry(255, 0xB1),
            Cdb.Inquiry(255, 0xB2), Cdb.ModeSense6(0x3F), Cdb.ModeSense10(0x3F), Cdb.ReadCapacity16(), Cdb.ReportSupportedOperationCodes(0x80),
            Cdb.ReportSupportedOperationCodes(3, 0x28), [0x04], [0xFF, 1, 2, 3],
        ];
        byte[] list = Disk.Hex("0016 0010 00000000 0000000000000005 00000003 00000000");
        var extents = new ByteExtent[BlockLimits.MaximumUnmapDescriptors];
        byte[] reply = new byte[CommandDecoder.ReplyCapacity];
        byte[] sense = new byte[96];

        Run(1_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        long work = Run(100_000);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
        Assert.True(work > 0);

        long Run(int times)
        {
            long sum = 0;
            for (int i = 0; i < times; i++)
            {
                CommandDecoder.Decode(unit, cdbs[i % cdbs.Length], 4096, reply, out ScsiCommand command);
                switch (command.Operation)
                {
                    case ScsiOperation.Unmap:
                        sum += UnmapParameterList.TryParse(unit, list, extents, out int count, out _, out _) ? 1 : 0;
                        sum += count;
                        break;
                    case ScsiOperation.GetLbaStatus:
                        var status = new LbaStatusReply(unit, command, reply);
                        status.Append(4096, mapped: true);
                        status.Append(long.MaxValue, mapped: false);
                        sum += status.Complete();
                        break;
                    case ScsiOperation.Answered when command.Status == ScsiStatus.CheckCondition:
                        sum += SenseData.Write(sense, command);
                        break;
                    default:
                        sum += SenseData.Write(sense, SenseCode.UnrecoveredReadError, (ulong)command.Offset << 24);
                        break;
                }
            }

            return sum;
        }
    }
}
