namespace CsiTcmu.Scsi;

/// <summary>
/// Every supported command. The decoder is driven by the table and REPORT SUPPORTED OPERATION CODES shows it, so what is claimed is what is
/// done: a set bit that the usage map does not have is refused before a handler sees the CDB.
/// </summary>
internal static class CommandTable
{
    /// <summary>In order of operation code and service action.</summary>
    public static readonly CommandDescription[] All =
    [
        Command("00 00 00 00 00 00", UnitState.TestUnitReady),
        Command("03 01 00 00 FF 00", UnitState.RequestSense),
        Command("08 1F FF FF FF 00", Transfers.Read),
        Command("0A 1F FF FF FF 00", Transfers.Write),
        Command("12 01 FF FF FF 00", Inquiry.Answer),
        Command("1A 08 FF FF FF 00", ModeSense.Answer6),
        Command("1B 01 00 00 01 00", UnitState.StartStopUnit),
        Command("25 00 00000000 00 0000 00", ReadCapacity.Answer10),
        Command("28 18 FFFFFFFF 00 FFFF 00", Transfers.Read),
        Command("2A 18 FFFFFFFF 00 FFFF 00", Transfers.Write),
        Command("2E 12 FFFFFFFF 00 FFFF 00", Transfers.WriteAndVerify),
        Command("2F 12 FFFFFFFF 00 FFFF 00", Transfers.Verify),
        Command("35 02 FFFFFFFF 00 FFFF 00", Transfers.SynchronizeCache),
        Command("41 08 FFFFFFFF 00 FFFF 00", Provisioning.WriteSame),
        Command("42 00 00000000 00 FFFF 00", Provisioning.Unmap),
        Command("5A 18 FFFF 000000 FFFF 00", ModeSense.Answer10),
        Command("88 18 FFFFFFFFFFFFFFFF FFFFFFFF 00 00", Transfers.Read),
        Command("89 18 FFFFFFFFFFFFFFFF 000000 FF 00 00", CompareAndWrite.Decode),
        Command("8A 18 FFFFFFFFFFFFFFFF FFFFFFFF 00 00", Transfers.Write),
        Command("8E 12 FFFFFFFFFFFFFFFF FFFFFFFF 00 00", Transfers.WriteAndVerify),
        Command("8F 12 FFFFFFFFFFFFFFFF FFFFFFFF 00 00", Transfers.Verify),
        Command("91 02 FFFFFFFFFFFFFFFF FFFFFFFF 00 00", Transfers.SynchronizeCache),
        Command("93 09 FFFFFFFFFFFFFFFF FFFFFFFF 00 00", Provisioning.WriteSame),
        ServiceAction("9E 10 0000000000000000 FFFFFFFF 00 00", ReadCapacity.Answer16),
        ServiceAction("9E 12 FFFFFFFFFFFFFFFF FFFFFFFF 00 00", Provisioning.GetLbaStatus),
        Command("A0 00 FF 000000 FFFFFFFF 00 00", UnitState.ReportLuns),
        ServiceAction("A3 0C 87 FF FFFF FFFFFFFF 00 00", SupportedOperationCodes.Answer),
        ServiceAction("A3 0D 80 00 0000 FFFFFFFF 00 00", SupportedTaskManagement.Answer),
        Command("A8 18 FFFFFFFF FFFFFFFF 00 00", Transfers.Read),
        Command("AA 18 FFFFFFFF FFFFFFFF 00 00", Transfers.Write),
        Command("AE 12 FFFFFFFF FFFFFFFF 00 00", Transfers.WriteAndVerify),
        Command("AF 12 FFFFFFFF FFFFFFFF 00 00", Transfers.Verify),
    ];

    private const int ServiceActions = 32;
    private static readonly CommandDescription?[] ByOperationCode = new CommandDescription?[256];
    private static readonly CommandDescription?[]?[] ByServiceAction = new CommandDescription?[256][];

    static CommandTable()
    {
        foreach (CommandDescription command in All)
        {
            if (command.HasServiceAction)
                (ByServiceAction[command.OperationCode] ??= new CommandDescription?[ServiceActions])[command.ServiceAction] = command;
            else
                ByOperationCode[command.OperationCode] = command;
        }
    }

    /// <summary>Whether an operation code is supported, with any service action.</summary>
    public static bool IsSupported(byte operationCode) => ByOperationCode[operationCode] is not null || HasServiceActions(operationCode);

    /// <summary>Whether the supported commands of an operation code are told apart by their service action.</summary>
    public static bool HasServiceActions(byte operationCode) => ByServiceAction[operationCode] is not null;

    /// <summary>Finds a command.</summary>
    /// <param name="operationCode">Byte 0 of the CDB.</param>
    /// <param name="serviceAction">The service action; ignored for an operation code without.</param>
    public static CommandDescription? Find(byte operationCode, int serviceAction) =>
        ByServiceAction[operationCode] is { } actions
            ? (uint)serviceAction < ServiceActions ? actions[serviceAction] : null
            : ByOperationCode[operationCode];

    private static CommandDescription Command(string usage, CommandHandler handler) => new(usage, hasServiceAction: false, handler);

    private static CommandDescription ServiceAction(string usage, CommandHandler handler) => new(usage, hasServiceAction: true, handler);
}
