namespace CsiTcmu.Scsi.Tests;

/// <summary>What is claimed is what is done.</summary>
public class SupportedOperationCodesTests
{
    private static readonly LogicalUnit Unit = Disk.Of(512);

    /// <summary>The commands that sd, file systems and VPD pages B0 and B2 count on.</summary>
    [Fact]
    public void The_commands_of_a_thin_disk_are_claimed() => Assert.Equal(
        "00 03 08 0A 12 1A 1B 25 28 2A 2E 2F 35 41 42 5A 88 89 8A 8E 8F 91 93 9E/10 9E/12 A0 A3/0C A3/0D A8 AA AE AF",
        string.Join(' ', Supported.Of(Unit).Select(command => command.ToString())));

    [Fact]
    public void Every_claimed_command_is_decoded_and_no_other()
    {
        var claimed = Supported.Of(Unit).Select(command => ((int)command.OperationCode, command.ServiceAction)).ToHashSet();
        for (int code = 0; code < 256; code++)
        {
            bool hasActions = claimed.Any(entry => entry.Item1 == code && entry.ServiceAction is not null);
            for (int action = 0; action < 32; action++)
            {
                byte[] cdb = new byte[32];
                cdb[0] = (byte)code;
                cdb[1] = (byte)action;
                Decoded decoded = Unit.Ask(cdb);
                bool decodes = hasActions
                    ? decoded.Command.Field != FieldPointer.InCdb(1, 4)
                    : decoded.Command.Sense != SenseCode.InvalidOperationCode;
                Assert.Equal(claimed.Contains((code, hasActions ? action : null)), decodes);
                if (hasActions)
                    Assert.NotEqual(SenseCode.InvalidOperationCode, decoded.Command.Sense);
            }
        }
    }

    [Fact]
    public void Each_bit_outside_of_the_usage_map_is_refused_and_pointed_at()
    {
        int bits = 0;
        foreach (Supported command in Supported.Of(Unit))
        {
            byte[] allowed = command.Allowed;
            for (int i = 0; i < allowed.Length; i++)
            {
                for (int bit = 0; bit < 8; bit++)
                {
                    if ((allowed[i] >> bit & 1) != 0)
                        continue;
                    byte[] cdb = command.Bare;
                    cdb[i] |= (byte)(1 << bit);
                    Unit.Ask(cdb).IsRefusedField(i, bit);
                    bits++;
                }
            }
        }

        Assert.True(bits > 500);
    }

    /// <summary>
    /// A claimed bit changes what comes of some CDB. DPO is a hint, IMMED is answered late, and a list of one LUN is too short for the low bits of
    /// its allocation length to tell: these are accepted only.
    /// </summary>
    [Fact]
    public void Each_bit_of_the_usage_map_has_an_effect()
    {
        foreach (Supported command in Supported.Of(Unit))
        {
            for (int i = 1; i < command.Usage.Length; i++)
            {
                for (int bit = 0; bit < 8; bit++)
                {
                    byte mask = (byte)(1 << bit);
                    bool isServiceAction = i == 1 && command.ServiceAction is not null && bit < 5;
                    if ((command.Usage[i] & mask) == 0 || isServiceAction || IsAcceptedOnly(command.OperationCode, i, mask))
                        continue;
                    Assert.True(HasEffect(command, i, mask), $"Bit {bit} of byte {i} of {command} changes nothing.");
                }
            }
        }
    }

    [Fact]
    public void A_command_that_is_not_supported_is_reported_as_such()
    {
        Unit.Ask(Cdb.ReportSupportedOperationCodes(1, 0x04)).IsGood("00 01 0000");
        Unit.Ask(Cdb.ReportSupportedOperationCodes(2, 0x7F, 0x0009)).IsGood("00 01 0000");
        Unit.Ask(Cdb.ReportSupportedOperationCodes(2, 0x9E, 0x0011)).IsGood("00 01 0000");
        Unit.Ask(Cdb.ReportSupportedOperationCodes(2, 0x9E, 0x0110)).IsGood("00 01 0000");
        Unit.Ask(Cdb.ReportSupportedOperationCodes(3, 0x28, 0x0001)).IsGood("00 01 0000");
        Unit.Ask(Cdb.ReportSupportedOperationCodes(3, 0x04)).IsGood("00 01 0000");
    }

    [Fact]
    public void One_command_is_reported_with_its_usage_map()
    {
        Unit.Ask(Cdb.ReportSupportedOperationCodes(1, 0x2A)).IsGood("00 03 000A  2A 18 FFFFFFFF 00 FFFF 00");
        Unit.Ask(Cdb.ReportSupportedOperationCodes(3, 0x2A)).IsGood("00 03 000A  2A 18 FFFFFFFF 00 FFFF 00");
        Unit.Ask(Cdb.ReportSupportedOperationCodes(2, 0x9E, 0x0010)).IsGood("00 03 0010  9E 10 0000000000000000 FFFFFFFF 00 00");
        Unit.Ask(Cdb.ReportSupportedOperationCodes(3, 0x9E, 0x0010)).IsGood("00 03 0010  9E 10 0000000000000000 FFFFFFFF 00 00");
        Unit.Ask(Cdb.ReportSupportedOperationCodes(0x81, 0x00)).IsGood("00 83 0006  00 00 00 00 00 00  000A 00 00 00000000 00000000");
    }

    [Fact]
    public void Service_actions_are_asked_for_where_there_are_some_and_nowhere_else()
    {
        Unit.Ask(Cdb.ReportSupportedOperationCodes(1, 0x9E)).IsRefusedField(3);
        Unit.Ask(Cdb.ReportSupportedOperationCodes(1, 0xA3)).IsRefusedField(3);
        Unit.Ask(Cdb.ReportSupportedOperationCodes(2, 0x28)).IsRefusedField(3);
        for (byte options = 4; options < 8; options++)
            Unit.Ask(Cdb.ReportSupportedOperationCodes(options)).IsRefusedField(2, 2);
    }

    [Fact]
    public void Timeouts_are_reported_when_asked_for()
    {
        byte[] plain = Unit.Ask(Cdb.ReportSupportedOperationCodes(0)).Reply;
        byte[] timed = Unit.Ask(Cdb.ReportSupportedOperationCodes(0x80)).Reply;
        int commands = (plain.Length - 4) / 8;
        Assert.Equal(4 + 20 * commands, timed.Length);
        for (int i = 0; i < commands; i++)
        {
            byte[] expected = [.. plain.AsSpan(4 + 8 * i, 8), 0, 0x0A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            expected[5] |= 2;
            Assert.Equal(expected, timed[(4 + 20 * i)..(24 + 20 * i)]);
        }
    }

    [Fact]
    public void The_list_is_cut_at_the_allocation_length_but_tells_its_whole_length()
    {
        byte[] all = Unit.Ask(Cdb.ReportSupportedOperationCodes(0)).Reply;
        for (ushort length = 0; length < all.Length; length += 7)
            Assert.Equal(all[..length], Unit.Ask(Cdb.ReportSupportedOperationCodes(0, allocationLength: length)).Reply);
    }

    private static bool IsAcceptedOnly(byte code, int index, byte mask) => (code, index, mask) switch
    {
        (0x28 or 0x2A or 0x88 or 0x8A or 0x89 or 0xA8 or 0xAA or 0x2E or 0x2F or 0x8E or 0x8F or 0xAE or 0xAF, 1, 0x10) => true,
        (0x35 or 0x91, 1, 0x02) or (0x1B, 1, 0x01) => true,
        (0xA0, 9, < 0x10) => true,
        _ => false,
    };

    private static bool HasEffect(Supported command, int index, byte mask)
    {
        foreach (byte[] cdb in Samples(command))
        {
            byte[] changed = [.. cdb];
            changed[index] ^= mask;
            foreach (long dataLength in new[] { 0L, 512, 1024, 4096 })
            {
                Decoded before = Unit.Ask(cdb, dataLength);
                Decoded after = Unit.Ask(changed, dataLength);
                if (before.Command != after.Command || !before.Reply.SequenceEqual(after.Reply))
                    return true;
            }
        }

        return false;
    }

    // CDBs from which a change is seen: lengths of zero and a little more, at every place where there can be one, and BYTCHK where it exists.
    private static IEnumerable<byte[]> Samples(Supported command)
    {
        byte[] bare = command.Bare;
        yield return bare;
        for (int i = 2; i < bare.Length; i++)
        {
            foreach (byte value in new byte[] { 1, 3, 8, 9, 255 })
            {
                byte[] cdb = [.. bare];
                cdb[i] = value;
                if ((value & ~command.Usage[i]) != 0)
                    continue;
                yield return cdb;
                if (command.ServiceAction is null && (command.Usage[1] & 0x02) != 0)
                {
                    byte[] checkedBytes = [.. cdb];
                    checkedBytes[1] |= 0x02;
                    yield return checkedBytes;
                }
            }
        }

        if (command.ToString() is "A3/0C")
        {
            foreach (byte options in new byte[] { 0, 1, 2, 3 })
            {
                foreach (byte code in new byte[] { 0x28, 0x9E, 0x00 })
                    yield return Cdb.ReportSupportedOperationCodes(options, code, 0x10);
            }
        }
        else if (command.ToString() is "A3/0D")
        {
            yield return [0xA3, 0x0D, 0x80, 0, 0, 0, 0, 0, 0, 8, 0, 0];
        }
        else if (command.OperationCode is 0x12 or 0x1A or 0x5A)
        {
            foreach (byte flags in new byte[] { 0, 1 })
            {
                foreach (byte page in new byte[] { 0, 0x3F, 0x80, 0xB0 })
                {
                    byte[] cdb = [.. bare];
                    cdb[1] = (byte)(flags & command.Usage[1]);
                    cdb[2] = page;
                    cdb[command.OperationCode == 0x5A ? 8 : 4] = 60;
                    yield return cdb;
                }
            }
        }
        else if (command.OperationCode == 0xA0)
        {
            yield return [0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0];
        }
    }
}
