namespace CsiTcmu.Scsi;

/// <summary>The ways in which a handler fills in a <see cref="ScsiCommand"/>, which is all zeroes before.</summary>
internal static class Outcome
{
    extension(ref ScsiCommand command)
    {
        /// <summary>Answers GOOD without data.</summary>
        public void Answer() => command.Status = ScsiStatus.Good;

        /// <summary>Answers GOOD with the start of the reply buffer.</summary>
        /// <param name="context">What is answered.</param>
        /// <param name="length">Bytes that were built in the reply buffer.</param>
        /// <param name="allocationLength">The initiator's limit.</param>
        public void Answer(in CommandContext context, int length, long allocationLength)
        {
            command.Status = ScsiStatus.Good;
            command.ReplyLength = (int)Math.Min(length, Math.Min(allocationLength, context.DataLength));
        }

        /// <summary>Answers CHECK CONDITION.</summary>
        public void Refuse(SenseCode sense, FieldPointer field = default)
        {
            command.Operation = ScsiOperation.Answered;
            command.Status = ScsiStatus.CheckCondition;
            command.Sense = sense;
            command.Field = field;
        }

        /// <summary>Refuses a field of the CDB.</summary>
        public void RefuseField(int index, int bit = -1) => command.Refuse(SenseCode.InvalidFieldInCdb, FieldPointer.InCdb(index, bit));

        /// <summary>Leaves an operation on a range of the medium to the data plane.</summary>
        public void Perform(ScsiOperation operation, ByteExtent range)
        {
            command.Operation = operation;
            command.Offset = range.Offset;
            command.Length = range.Length;
        }
    }
}
