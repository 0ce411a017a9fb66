using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using DataExchange.AdapterHost.Mapping;
using DataExchange.AdapterHost.Memory;
using DataExchange.Contracts;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.AdapterHost.Sources;

/// <param name="Number">See <see cref="RememberedRow"/>.</param>
/// <param name="IsPublished">Something is published of it, now.</param>
internal readonly record struct TakenRow(int Number, bool IsPublished);

/// <summary>
/// Holds one row after the other against what was published of its subject, and says what changed. A cell that is refused leaves what was
/// published of it as it was. Not thread safe.
/// </summary>
internal sealed class RowChanges(SourceMapping mapping, SourceMemory memory)
{
    // Scheme and value of a subject that gets locators.
    private const int LocatedBytesMax = 256;

    private readonly long[] _prints = new long[memory.Numbers.Count == 0 ? 0 : memory.Numbers.Max() + 1];
    private readonly List<Identifier> _links = [];
    private readonly HashSet<string> _schemesRefused = new(StringComparer.Ordinal);
    private readonly bool _hasLocated = mapping.Attributes.Any(attribute => attribute.Located);

    /// <summary>Of a partial reading: subjects with a row that is gone or that a filter keeps out, and of whom something is published.</summary>
    public HashSet<string> Leaving { get; } = new(StringComparer.Ordinal);

    /// <summary>Where changes are added.</summary>
    public List<Wire.Change> Into { get; set; } = [];

    /// <summary>Adds what changed. Null where the row is filtered out, or refused without saying whose it is.</summary>
    /// <param name="isSeen">Whether this reading had the subject before, by its number.</param>
    public TakenRow? Take(in SourceRow row, DateTimeOffset writtenAt, ReadingFigures figures, Func<int, bool> isSeen, bool isPartial)
    {
        if (row.Broken is { } broken)
        {
            figures.RefuseUnidentified(row, "-", broken);
            return null;
        }

        if (row.IsGone || !Counts(row.Cells))
        {
            if (isPartial)
                Leave(row);
            return null;
        }

        if (ReadSubject(row, figures) is not { } subject)
            return null;
        var known = memory.Find(subject.Value);
        if (!known.IsNew && isSeen(known.Number))
        {
            figures.RefuseRow(row, mapping.Config.Subject.Column, "must not be that of a row before it: one row a subject");
            return null;
        }

        var asOf = writtenAt;
        if (mapping.AsOfCell is { } cell && !(row.Cells[cell] is { Length: > 0 } text && mapping.AsOf.TryRead(text, out asOf)))
        {
            figures.RefuseRow(row, mapping.Config.AsOf!.Column, "must be a moment in the stated format");
            return new TakenRow(known.Number, known.State.Length > 0);
        }

        ReadLinks(row, subject, figures);
        Print(row);
        var state = RowState.Of(_prints, _links).ToBytes();
        if (!state.AsSpan().SequenceEqual(known.State))
            state = Change(row, subject, known, asOf, figures);
        return new TakenRow(known.Number, state.Length > 0);
    }

    /// <summary>Adds the withdrawal of all that was published of a subject whose row is gone.</summary>
    public void Withdraw(in RememberedRow row, DateTimeOffset asOf)
    {
        var subject = new Identifier(mapping.Subject.Scheme.Name, row.Subject);
        var before = RowState.From(row.State);
        var at = asOf.ToTimestamp();
        foreach (var link in before.Links.Where(link => link != subject))
            Into.Add(Unlink(subject, link, at));
        for (var i = 0; i < mapping.Attributes.Count; i++)
        {
            if (before[memory.Numbers[i]] != 0)
                Into.Add(Withdraw(subject, mapping.Attributes[i].Name, at));
        }

        memory.Save(row, [], null);
    }

    private bool Counts(string?[] cells)
    {
        foreach (var filter in mapping.Filters)
        {
            if (!filter.Takes(cells))
                return false;
        }

        return true;
    }

    /// <summary>Another row of the same reading may still state the subject: that is known at its end.</summary>
    private void Leave(in SourceRow row)
    {
        if (row.Cells[mapping.Subject.Cell] is { Length: > 0 } text && mapping.Subject.Scheme.TryCanonicalize(text, out var canonical)
            && memory.Find(canonical).State.Length > 0)
            Leaving.Add(canonical);
    }

    private Identifier? ReadSubject(in SourceRow row, ReadingFigures figures)
    {
        var (cell, scheme) = mapping.Subject;
        if (row.Cells[cell] is not { Length: > 0 } text || text == SourceRow.Unreadable || !scheme.TryCanonicalize(text, out var canonical))
        {
            figures.RefuseUnidentified(row, mapping.Config.Subject.Column, $"must be valid in scheme {scheme.Name}");
            return null;
        }

        if (_hasLocated && scheme.Name.Length + Encoding.UTF8.GetByteCount(canonical) > LocatedBytesMax)
        {
            figures.RefuseUnidentified(row, mapping.Config.Subject.Column, $"must be at most {LocatedBytesMax} bytes with its scheme, for a located attribute");
            return null;
        }

        return new Identifier(scheme.Name, canonical);
    }

    private void ReadLinks(in SourceRow row, Identifier subject, ReadingFigures figures)
    {
        _links.Clear();
        _schemesRefused.Clear();
        for (var i = 0; i < mapping.Links.Count; i++)
        {
            var (cell, scheme) = mapping.Links[i];
            if (row.Cells[cell] is not { Length: > 0 } text)
                continue;
            if (text == SourceRow.Unreadable || !scheme.TryCanonicalize(text, out var canonical))
            {
                figures.RefuseCell(row, mapping.Config.Links[i].Column, $"must be valid in scheme {scheme.Name}");
                _schemesRefused.Add(scheme.Name);
            }
            else if (new Identifier(scheme.Name, canonical) is var link && link != subject && !_links.Contains(link))
                _links.Add(link);
        }
    }

    /// <summary>Fingerprints of the cells as they stand: a row that is as before is not even parsed.</summary>
    private void Print(in SourceRow row)
    {
        Array.Clear(_prints);
        var seed = mapping.AsOfCell is { } cell ? (long)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(row.Cells[cell].AsSpan())) : 0;
        for (var i = 0; i < mapping.Attributes.Count; i++)
        {
            var attribute = mapping.Attributes[i];
            if (row.Cells[attribute.Cell] is not { Length: > 0 } text)
                continue;
            var print = (long)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text.AsSpan()), attribute.Seed ^ seed);
            _prints[memory.Numbers[i]] = print is 0 or RowState.Unknown ? RowState.Unknown + 1 : print;
        }
    }

    private byte[] Change(in SourceRow row, Identifier subject, in RememberedRow known, DateTimeOffset asOf, ReadingFigures figures)
    {
        var before = RowState.From(known.State);
        var at = asOf.ToTimestamp();
        var live = _hasLocated ? LiveCells.From(memory.LiveOf(known)) : null;
        _links.AddRange(before.Links.Where(link => _schemesRefused.Contains(link.Scheme) && !_links.Contains(link)).ToList());
        foreach (var link in before.Links.Where(link => link != subject && !_links.Contains(link)))
            Into.Add(Unlink(subject, link, at));
        foreach (var link in _links.Where(link => before.IsUncertain || !before.Links.Contains(link)))
            Into.Add(new Wire.Change { Link = new() { Left = subject.ToWire(), Right = link.ToWire() }, AsOf = at });
        var after = new long[Math.Max(before.Prints.Length, _prints.Length)];
        before.Prints.CopyTo(after, 0);
        for (var i = 0; i < mapping.Attributes.Count; i++)
        {
            var (attribute, number) = (mapping.Attributes[i], memory.Numbers[i]);
            if (_prints[number] == before[number])
                continue;
            if (_prints[number] == 0)
            {
                Into.Add(Withdraw(subject, attribute.Name, at));
                live?.Remove(attribute.Name);
            }
            else if (row.Cells[attribute.Cell] is SourceRow.Unreadable)
            {
                figures.RefuseCell(row, ColumnOf(i), "must be text in the file's encoding, a number, true or false");
                continue;
            }
            else if (attribute.Reader.TryRead(row.Cells[attribute.Cell]!, out var value, out var rule))
            {
                Into.Add(new Wire.Change { Set = new() { Subject = subject.ToWire(), Attribute = attribute.Name, Value = attribute.Located ? null : value }, AsOf = at });
                if (attribute.Located)
                    live!.Set(attribute.Name, value, at);
            }
            else
            {
                figures.RefuseCell(row, ColumnOf(i), rule);
                continue;
            }

            after[number] = _prints[number];
        }

        var state = RowState.Of(after, _links).ToBytes();
        if (!state.AsSpan().SequenceEqual(known.State))
            memory.Save(known, state, live?.ToBytes());
        return state;
    }

    private string ColumnOf(int attribute) => mapping.Columns[mapping.Attributes[attribute].Cell];

    private static Wire.Change Unlink(Identifier subject, Identifier link, Timestamp at) =>
        new() { Unlink = new() { Left = subject.ToWire(), Right = link.ToWire() }, AsOf = at };

    private static Wire.Change Withdraw(Identifier subject, string attribute, Timestamp at) =>
        new() { Withdraw = new() { Subject = subject.ToWire(), Attribute = attribute }, AsOf = at };
}
