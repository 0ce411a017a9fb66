using Google.Protobuf;

namespace DataExchange.Broker.Ingest;

/// <summary>
/// What must be known of a payload before it may be parsed: whose it says it is, so that the signature can be checked first, and how
/// many changes it holds, since a megabyte of empty ones becomes half a million objects.
/// </summary>
internal readonly record struct PayloadOutline(string Department, int Changes)
{
    private static readonly uint DepartmentTag =
        WireFormat.MakeTag(Wire.ChangeBatch.DepartmentFieldNumber, WireFormat.WireType.LengthDelimited);

    private static readonly uint ChangesTag =
        WireFormat.MakeTag(Wire.ChangeBatch.ChangesFieldNumber, WireFormat.WireType.LengthDelimited);

    /// <summary>False where the bytes are no protobuf message.</summary>
    public static bool TryRead(ByteString payload, out PayloadOutline outline)
    {
        var department = "";
        var changes = 0;
        try
        {
            using var input = payload.CreateCodedInput();
            while (input.ReadTag() is var tag and not 0)
            {
                // The last one counts, as in the parser.
                if (tag == DepartmentTag)
                {
                    department = input.ReadString();
                    continue;
                }

                if (tag == ChangesTag)
                    changes++;
                input.SkipLastField();
            }
        }
        catch (InvalidProtocolBufferException)
        {
            outline = default;
            return false;
        }

        outline = new PayloadOutline(department, changes);
        return true;
    }
}
