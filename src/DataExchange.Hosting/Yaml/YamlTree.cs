using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace DataExchange.Hosting;

/// <summary>A node of a YAML document and where it stands, both from 1.</summary>
public abstract record YamlNode(long Line, long Column);

public sealed record YamlText(long Line, long Column, string Value) : YamlNode(Line, Column);

public sealed record YamlList(long Line, long Column, IReadOnlyList<YamlNode> Items) : YamlNode(Line, Column);

public sealed record YamlMap(long Line, long Column, IReadOnlyList<(YamlText Key, YamlNode Value)> Entries) : YamlNode(Line, Column);

/// <summary>
/// Reads one document of plain YAML: maps, lists and text. Anchors, aliases and tags are refused, since no file of ours needs them and a
/// file of a few hundred bytes can unfold to gigabytes through them. Size, depth and number of nodes are bounded.
/// </summary>
public sealed class YamlTree
{
    public const int FileBytesMax = 16 * 1024 * 1024;
    public const int DepthMax = 8;
    public const int NodesMax = 2_000_000;

    private readonly Parser _parser;
    private int _nodes;

    private YamlTree(string text) => _parser = new Parser(new StringReader(text));

    /// <summary>Null when the text is not plain YAML: an error then says where.</summary>
    public static YamlNode? Read(Stream file, YamlErrors errors)
    {
        if (ReadText(file, errors) is not { } text)
            return null;
        try
        {
            return new YamlTree(text).ReadDocument();
        }
        catch (YamlException broken)
        {
            // The parser's own words can quote the file; only ours are passed on.
            var rule = broken is NotPlainException ? broken.Message : "must be well-formed YAML";
            errors.Add(new YamlError("", broken.Start.Line, broken.Start.Column, rule));
            return null;
        }
    }

    private static string? ReadText(Stream file, YamlErrors errors)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[81_920];
        for (int read; (read = file.Read(buffer)) > 0;)
        {
            if (bytes.Length + read > FileBytesMax)
            {
                errors.Add(new YamlError("", 0, 0, $"must be at most {FileBytesMax} bytes long"));
                return null;
            }

            bytes.Write(buffer, 0, read);
        }

        try
        {
            var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
            return strict.GetString(bytes.GetBuffer(), 0, (int)bytes.Length).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            errors.Add(new YamlError("", 0, 0, "must be UTF-8"));
            return null;
        }
    }

    private YamlNode ReadDocument()
    {
        Next<StreamStart>();
        if (Next() is not DocumentStart)
            return new YamlText(1, 1, "");
        var root = ReadNode(Next(), 1);
        Next<DocumentEnd>();
        if (Next() is not StreamEnd)
            throw new NotPlainException(_parser.Current!, "must be one document");
        return root;
    }

    private YamlNode ReadNode(ParsingEvent start, int depth)
    {
        if (start is AnchorAlias || start is NodeEvent { Anchor.IsEmpty: false })
            throw new NotPlainException(start, "must not use anchors and aliases");
        if (start is NodeEvent { Tag.IsEmpty: false } and not Scalar { IsQuotedImplicit: true })
            throw new NotPlainException(start, "must not use tags");
        if (depth > DepthMax)
            throw new NotPlainException(start, $"must be nested at most {DepthMax} deep");
        if (++_nodes > NodesMax)
            throw new NotPlainException(start, $"must have at most {NodesMax} nodes");

        return start switch
        {
            Scalar scalar => Text(scalar),
            SequenceStart => ReadList(start, depth),
            MappingStart => ReadMap(start, depth),
            _ => throw new NotPlainException(start, "must be text, a list or a map"),
        };
    }

    private YamlList ReadList(ParsingEvent start, int depth)
    {
        var items = new List<YamlNode>();
        for (var next = Next(); next is not SequenceEnd; next = Next())
            items.Add(ReadNode(next, depth + 1));
        return new YamlList(start.Start.Line, start.Start.Column, items);
    }

    private YamlMap ReadMap(ParsingEvent start, int depth)
    {
        var entries = new List<(YamlText, YamlNode)>();
        for (var next = Next(); next is not MappingEnd; next = Next())
        {
            if (ReadNode(next, depth + 1) is not YamlText key)
                throw new NotPlainException(next, "must have text as the keys of a map");
            entries.Add((key, ReadNode(Next(), depth + 1)));
        }

        return new YamlMap(start.Start.Line, start.Start.Column, entries);
    }

    private static YamlText Text(Scalar scalar) => new(scalar.Start.Line, scalar.Start.Column, scalar.Value);

    private ParsingEvent Next() => MoveNext() ? _parser.Current! : throw new YamlException("The document ends too early.");

    /// <summary>The parser has exceptions that it does not state: at a tag that is no URI, in the middle of a scalar.</summary>
    private bool MoveNext()
    {
        var reached = _parser.Current?.End ?? Mark.Empty;
        try
        {
            return _parser.MoveNext();
        }
        catch (Exception fault) when (fault is not (YamlException or OutOfMemoryException))
        {
            throw new YamlException(reached, reached, "The parser failed.", fault);
        }
    }

    private void Next<T>()
        where T : ParsingEvent
    {
        if (Next() is not T)
            throw new NotPlainException(_parser.Current!, "must be one document");
    }

    /// <summary>Well-formed, but more than our files may use.</summary>
    private sealed class NotPlainException(ParsingEvent at, string rule) : YamlException(at.Start, at.End, rule);
}
