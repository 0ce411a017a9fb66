using Microsoft.Data.Sqlite;

namespace DataExchange.AdapterHost.Memory;

/// <summary>A subject's row in the memory; of one that has none yet, where it will be.</summary>
/// <param name="Number">Dense: from 1 in the order in which subjects were first seen.</param>
/// <param name="State">See <see cref="RowState"/>; empty where nothing is published.</param>
internal readonly record struct RememberedRow(long Id, int Number, string Subject, byte[] State, bool IsNew);

/// <summary>The rows of one source. One thread at a time; what is saved counts once the block is committed.</summary>
internal sealed class SourceMemory : IDisposable
{
    private const int PageRows = 4_096;

    private readonly PublishedMemory _memory;
    private readonly int _source;
    private readonly SqliteCommand _find;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _update;
    private readonly SqliteCommand _live;
    private readonly SqliteCommand _page;
    private readonly MemoryStream _undo = new();
    private readonly BinaryWriter _undoWriter;
    private int _last;
    private int _subjects;

    public SourceMemory(PublishedMemory memory, int source, IReadOnlyList<int> numbers)
    {
        (_memory, _source, Numbers) = (memory, source, numbers);
        _undoWriter = new BinaryWriter(_undo);
        _find = memory.Prepare("SELECT id, number, subject, state FROM row WHERE id BETWEEN @first AND @last", "@first", "@last");
        _insert = memory.Prepare("INSERT INTO row VALUES (@id, @number, @subject, @state, @live)", "@id", "@number", "@subject", "@state", "@live");
        _update = memory.Prepare("UPDATE row SET state = @state, live = @live WHERE id = @id", "@id", "@state", "@live");
        _live = memory.Prepare("SELECT live FROM row WHERE id = @id", "@id");
        _page = memory.Prepare($"SELECT id, number, subject, state FROM row WHERE id > @after AND id < @end ORDER BY id LIMIT {PageRows}", "@after", "@end");
        Restore();
    }

    /// <summary>The source's number, for good.</summary>
    public int Number => _source;

    /// <summary>The numbers of the mapping's attributes, in its order; for good, whatever becomes of the mapping.</summary>
    public IReadOnlyList<int> Numbers { get; }

    /// <summary>The highest number of a row.</summary>
    public int Last => _last;

    /// <summary>Subjects of which something is published.</summary>
    public int Subjects => _subjects;

    /// <summary>What the last complete reading was of; null where the next one has to read in any case.</summary>
    public string? Reading
    {
        get => _memory.Text("SELECT reading FROM source WHERE number = @number", ("@number", _source));
        set => _memory.Execute("UPDATE source SET reading = @reading WHERE number = @number", ("@reading", value), ("@number", _source));
    }

    /// <exception cref="IOException">No slot is left for the subject.</exception>
    public RememberedRow Find(string subject)
    {
        var first = SubjectSlot.First(_source, subject);
        var taken = 0;
        _find.Parameters[0].Value = first;
        _find.Parameters[1].Value = first + SubjectSlot.Neighbours - 1;
        using var rows = _find.ExecuteReader();
        while (rows.Read())
        {
            var row = Read(rows);
            if (row.Subject == subject)
                return row;
            taken |= 1 << (int)(row.Id - first);
        }

        for (var slot = 0; slot < SubjectSlot.Neighbours; slot++)
        {
            if ((taken & (1 << slot)) == 0)
                return new RememberedRow(first + slot, _last + 1, subject, [], IsNew: true);
        }

        throw new IOException("Too many subjects of one hash.");
    }

    /// <summary>The row's located values as last saved; null for none.</summary>
    public byte[]? LiveOf(in RememberedRow row)
    {
        if (row.IsNew)
            return null;
        _live.Parameters[0].Value = row.Id;
        return _live.ExecuteScalar() as byte[];
    }

    public void Begin() => _memory.Begin();

    public void Save(in RememberedRow row, byte[] state, byte[]? live)
    {
        var command = row.IsNew ? _insert : _update;
        command.Parameters["@id"].Value = row.Id;
        command.Parameters["@state"].Value = state;
        command.Parameters["@live"].Value = live ?? (object)DBNull.Value;
        if (row.IsNew)
        {
            command.Parameters["@number"].Value = row.Number;
            command.Parameters["@subject"].Value = row.Subject;
            _last = row.Number;
        }

        command.ExecuteNonQuery();
        _subjects += (row.State.Length == 0 ? 1 : 0) - (state.Length == 0 ? 1 : 0);
        UndoEntry.Write(_undoWriter, row.Id, row.State, state.Length == 0);
    }

    /// <summary>Ends a block that changes come of: durable on return. Gives its number.</summary>
    public long CommitBlock()
    {
        SaveCounts();
        var block = _memory.CommitBlock(_undo.GetBuffer().AsSpan(0, (int)_undo.Length));
        _undo.SetLength(0);
        return block;
    }

    /// <summary>Keeps what was saved without any change to give.</summary>
    public void Commit()
    {
        SaveCounts();
        _memory.Commit();
        _undo.SetLength(0);
    }

    private void SaveCounts() =>
        _memory.Execute("UPDATE source SET subjects = @subjects, last = @last WHERE number = @number", ("@subjects", _subjects), ("@last", _last), ("@number", _source));

    /// <summary>Forgets what was saved since the last block.</summary>
    public void Rollback()
    {
        _memory.Rollback();
        _undo.SetLength(0);
        Restore();
    }

    /// <summary>Every row, a page at a time; what is saved meanwhile does not disturb it.</summary>
    public IEnumerable<RememberedRow> All()
    {
        var page = new List<RememberedRow>(PageRows);
        var after = SubjectSlot.Base(_source) - 1;
        do
        {
            page.Clear();
            _page.Parameters[0].Value = after;
            _page.Parameters[1].Value = _source == SubjectSlot.SourcesMax ? long.MaxValue : SubjectSlot.Base(_source + 1);
            using (var rows = _page.ExecuteReader())
            {
                while (rows.Read())
                    page.Add(Read(rows));
            }

            foreach (var row in page)
                yield return row;
            after = page.Count > 0 ? page[^1].Id : after;
        }
        while (page.Count == PageRows);
    }

    public void Dispose()
    {
        foreach (var command in new[] { _find, _insert, _update, _live, _page })
            command.Dispose();
        _undoWriter.Dispose();
    }

    private static RememberedRow Read(SqliteDataReader rows) =>
        new(rows.GetInt64(0), rows.GetInt32(1), rows.GetString(2), (byte[])rows.GetValue(3), IsNew: false);

    private void Restore()
    {
        _last = (int)_memory.Scalar("SELECT last FROM source WHERE number = @number", ("@number", _source));
        _subjects = (int)_memory.Scalar("SELECT subjects FROM source WHERE number = @number", ("@number", _source));
    }
}
