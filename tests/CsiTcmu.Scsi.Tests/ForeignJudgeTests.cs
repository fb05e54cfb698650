using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;

namespace CsiTcmu.Scsi.Tests;

/// <summary>sg3-utils read what this disk says.</summary>
public class ForeignJudgeTests
{
    [Theory]
    [InlineData(512, "8", "2048", "1048576", "0x8000")]
    [InlineData(4096, "1", "256", "131072", "0x1000")]
    public void Block_limits(int blockSize, string granularity, string transfer, string unmap, string writeSame)
    {
        string said = Page(Disk.Of(blockSize), 0xB0, "bl");
        Says(said, "Write same non-zero (WSNZ): 1");
        Says(said, $"Maximum compare and write length: {granularity} blocks");
        Says(said, $"Optimal transfer length granularity: {granularity} blocks");
        Says(said, $"Maximum transfer length: {transfer} blocks");
        Says(said, $"Optimal transfer length: {transfer} blocks");
        Says(said, $"Maximum unmap LBA count: {unmap}");
        Says(said, "Maximum unmap block descriptor count: 32");
        Says(said, $"Optimal unmap granularity: {granularity} blocks");
        Says(said, "Unmap granularity alignment valid: true");
        Says(said, "Unmap granularity alignment: 0");
        Says(said, $"Maximum write same length: {writeSame} blocks");
    }

    [Fact]
    public void Other_vital_product_data()
    {
        LogicalUnit unit = Disk.Of(512);
        string provisioning = Page(unit, 0xB2, "lbpv");
        string[] claims = ["(LBPU): 1", "(LBPWS): 1", "(LBPWS10): 1", "(LBPRZ): 1", "(ANC_SUP): 0", "Provisioning type: 2 (thin provisioned)"];
        foreach (string claim in claims)
            Says(provisioning, claim);
        Says(Page(unit, 0xB1, "bdc"), "Non-rotating medium (e.g. solid state)");
        Says(Page(unit, 0x80, "sn"), "Unit serial number: " + Disk.Serial);

        string identification = Page(unit, 0x83, "di");
        Says(identification, "0x" + Convert.ToHexStringLower(Disk.Designator));
        Says(identification, "vendor id: CSI-TCMU");
        Says(identification, "vendor specific: " + Disk.Serial);

        string pages = Page(unit, 0x00, "sv");
        foreach (string page in new[] { "[sv]", "[sn]", "[di]", "[bl]", "[bdc]", "[lbpv]" })
            Says(pages, page);
    }

    [Fact]
    public void Standard_inquiry()
    {
        string said = Judge("sg_inq", ["-d"], Disk.Of(512).Ask(Cdb.Inquiry(255)).Reply);
        string[] claims = ["version=0x06  [SPC-4]", "TPGS=0", "Protect=0", "CmdQue=1", "SAM-5", "SPC-4 (", "SBC-3"];
        foreach (string claim in claims)
            Says(said, claim);
        Says(said, "length=96 (0x60)   Peripheral device type: disk");
        Says(said, "Vendor identification: CSI-TCMU");
        Says(said, "Product identification: csi-tcmu volume");
        Says(said, "Product revision level: 0001");
    }

    [Fact]
    public void Lba_status()
    {
        LogicalUnit unit = Disk.Of(512);
        byte[] buffer = new byte[4096];
        var reply = new LbaStatusReply(unit, unit.Ask(Cdb.Sixteen(0x9E, 100, 40, flags: 0x12)).Command, buffer);
        reply.Append(4096, mapped: true);
        reply.Append(8192, mapped: false);
        string said = Judge("sg_get_lba_status", ["--maxlen=4096"], buffer[..reply.Complete()]);
        Says(said, "[1] LBA: 0x0000000000000064  blocks:          8  mapped");
        Says(said, "[2] LBA: 0x000000000000006c  blocks:         16  deallocated");
    }

    [Theory]
    [InlineData(nameof(SenseCode.NoSense), "Sense key: No Sense", "No additional sense information")]
    [InlineData(nameof(SenseCode.NotReady), "Sense key: Not Ready", "Logical unit not ready, cause not reportable")]
    [InlineData(nameof(SenseCode.CommunicationFailure), "Sense key: Not Ready", "Logical unit communication failure")]
    [InlineData(nameof(SenseCode.WriteError), "Sense key: Medium Error", "Write error")]
    [InlineData(nameof(SenseCode.UnrecoveredReadError), "Sense key: Medium Error", "Unrecovered read error")]
    [InlineData(nameof(SenseCode.InternalTargetFailure), "Sense key: Hardware Error", "Internal target failure")]
    [InlineData(nameof(SenseCode.InvalidFieldInCommandInformationUnit), "Sense key: Illegal Request", "Invalid field in command information unit")]
    [InlineData(nameof(SenseCode.ParameterListLengthError), "Sense key: Illegal Request", "Parameter list length error")]
    [InlineData(nameof(SenseCode.InvalidOperationCode), "Sense key: Illegal Request", "Invalid command operation code")]
    [InlineData(nameof(SenseCode.LogicalBlockAddressOutOfRange), "Sense key: Illegal Request", "Logical block address out of range")]
    [InlineData(nameof(SenseCode.InvalidFieldInCdb), "Sense key: Illegal Request", "Invalid field in cdb")]
    [InlineData(nameof(SenseCode.LogicalUnitNotSupported), "Sense key: Illegal Request", "Logical unit not supported")]
    [InlineData(nameof(SenseCode.InvalidFieldInParameterList), "Sense key: Illegal Request", "Invalid field in parameter list")]
    [InlineData(nameof(SenseCode.SavingParametersNotSupported), "Sense key: Illegal Request", "Saving parameters not supported")]
    [InlineData(nameof(SenseCode.PowerOnOccurred), "Sense key: Unit Attention", "Power on, reset, or bus device reset occurred")]
    [InlineData(nameof(SenseCode.CapacityDataHasChanged), "Sense key: Unit Attention", "Capacity data has changed")]
    [InlineData(nameof(SenseCode.WriteProtected), "Sense key: Data Protect", "Write protected")]
    [InlineData(nameof(SenseCode.SpaceAllocationFailed), "Sense key: Data Protect", "Space allocation failed write protect")]
    [InlineData(nameof(SenseCode.AbortedCommand), "Sense key: Aborted Command", "No additional sense information")]
    [InlineData(nameof(SenseCode.Miscompare), "Sense key: Miscompare", "Miscompare during verify operation")]
    public void Sense_codes(string name, string key, string additional)
    {
        var code = (SenseCode)typeof(SenseCode).GetProperty(name)!.GetValue(null)!;
        string said = Sense(code, information: null, field: default);
        Says(said, "Fixed format, current; " + key + "\n");
        Says(said, "Additional sense: " + additional + "\n");
    }

    [Fact]
    public void Every_sense_code_is_judged() => Assert.Equal(
        typeof(SenseCode).GetProperties().Where(property => property.PropertyType == typeof(SenseCode)).Select(property => property.Name).Order(),
        typeof(ForeignJudgeTests).GetMethod(nameof(Sense_codes))!.GetCustomAttributesData()
            .Where(attribute => attribute.AttributeType == typeof(InlineDataAttribute))
            .Select(attribute => (IReadOnlyList<CustomAttributeTypedArgument>)attribute.ConstructorArguments[0].Value!)
            .Select(arguments => arguments[0].Value as string)
            .Order());

    [Fact]
    public void Sense_fields()
    {
        Says(Sense(SenseCode.InvalidFieldInCdb, null, FieldPointer.InCdb(1, 4)), "Error in Command: byte 1 bit 4");
        Says(Sense(SenseCode.InvalidFieldInParameterList, null, FieldPointer.InParameterList(24)), "Error in Data parameters: byte 24");
        Says(Sense(SenseCode.UnrecoveredReadError, 0x1234, default), "Info fld=0x1234");

        string wide = Sense(SenseCode.LogicalBlockAddressOutOfRange, 0x1_2345_6789, FieldPointer.InCdb(2));
        Says(wide, "Descriptor format, current; Sense key: Illegal Request");
        Says(wide, "Information: 0x0000000123456789");
        Says(wide, "Error in Command: byte 2");
    }

    [Theory]
    [InlineData("00", "Test Unit Ready")]
    [InlineData("03", "Request Sense")]
    [InlineData("08", "Read(6)")]
    [InlineData("0A", "Write(6)")]
    [InlineData("12", "Inquiry")]
    [InlineData("1A", "Mode sense(6)")]
    [InlineData("1B", "Start stop unit")]
    [InlineData("25", "Read capacity(10)")]
    [InlineData("28", "Read(10)")]
    [InlineData("2A", "Write(10)")]
    [InlineData("2E", "Write and verify(10)")]
    [InlineData("2F", "Verify(10)")]
    [InlineData("35", "Synchronize cache(10)")]
    [InlineData("41", "Write same(10)")]
    [InlineData("42", "Unmap")]
    [InlineData("5A", "Mode sense(10)")]
    [InlineData("88", "Read(16)")]
    [InlineData("89", "Compare and write")]
    [InlineData("8A", "Write(16)")]
    [InlineData("8E", "Write and verify(16)")]
    [InlineData("8F", "Verify(16)")]
    [InlineData("91", "Synchronize cache(16)")]
    [InlineData("93", "Write same(16)")]
    [InlineData("9E/10", "Read capacity(16)")]
    [InlineData("9E/12", "Get LBA status(16)")]
    [InlineData("A0", "Report luns")]
    [InlineData("A3/0C", "Report supported operation codes")]
    [InlineData("A3/0D", "Report supported task management functions")]
    [InlineData("A8", "Read(12)")]
    [InlineData("AA", "Write(12)")]
    [InlineData("AE", "Write and verify(12)")]
    [InlineData("AF", "Verify(12)")]
    public void Operation_codes_are_those_of_the_commands(string command, string name)
    {
        Supported supported = Assert.Single(Supported.Of(Disk.Of(512)), known => known.ToString() == command);
        string said = Run("sg_decode_sense", ["--cdb", .. supported.Bare.Select(value => value.ToString("x2"))]);
        Assert.Equal(name, said.Trim(), ignoreCase: true);
    }

    private static string Page(LogicalUnit unit, int page, string name) => Judge("sg_vpd", ["-p", name], unit.Ask(Cdb.Inquiry(255, page)).Reply);

    private static string Sense(SenseCode code, ulong? information, FieldPointer field)
    {
        byte[] sense = new byte[96];
        int length = SenseData.Write(sense, code, information, field);
        return Run("sg_decode_sense", [.. sense[..length].Select(value => value.ToString("x2"))]);
    }

    private static void Says(string said, string claim) => Assert.Contains(claim, said, StringComparison.Ordinal);

    private static string Judge(string tool, string[] options, byte[] data)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, string.Join(' ', data.Select(value => value.ToString("x2"))) + "\n");
            return Run(tool, ["--inhex=" + file, .. options]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string Run(string tool, string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{tool} {string.Join(' ', arguments)} ended with {process.ExitCode}: {errors.Result}{output}");
            return output;
        }
        catch (Win32Exception exception)
        {
            throw new InvalidOperationException($"{tool} cannot be started ({exception.Message}): install the Debian package sg3-utils.", exception);
        }
    }
}
