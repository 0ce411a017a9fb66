using System.Text;
using CsCheck;
using NUnit.Framework;

namespace DataExchange.UnitTests.AdapterHost.Sources;

/// <summary>Whenever the process ends and whatever becomes of the file meanwhile: once a reading comes to its end, the hub has what the file says.</summary>
internal sealed class CrashingSourceTests
{
    private const string Header = "id,former,kind,title,state,founded,address\n";

    private static readonly string Yaml = SampleFile.Yaml + "    withdraw_percent_max: 100\n";

    /// <summary>Rows of one version of the file: for each of a few subjects nothing, or its link, title and state.</summary>
    private static readonly Gen<int[]> Version = Gen.Int[0, 17].Array[6];

    /// <summary>Versions, and how many changes of each are stored before the process ends; -1 for all.</summary>
    private static readonly Gen<(int[] Rows, int Stored)[]> History = Gen.Select(Version, Gen.Int[-1, 12]).Array[1, 6];

    [Test]
    public async Task Read_CrashesAnywhere_EndsWithWhatTheFileSays() =>
        await History.SampleAsync(async history =>
        {
            await using var department = new Department(Yaml);
            foreach (var (rows, stored) in history)
            {
                department.Write("a.csv", Header + Text(rows));
                await department.ReadAsync(stored < 0 ? int.MaxValue : stored);
                if (stored >= 0)
                    await department.RestartAsync();
            }

            await department.ReadAsync();
            return department.Hub.Facts.SequenceEqual(Expected(history[^1].Rows));
        }, iter: 60, threads: 1);

    private static string Text(int[] rows)
    {
        var text = new StringBuilder();
        for (var i = 0; i < rows.Length; i++)
        {
            if (rows[i] > 0)
                text.Append(null, $"AB{i},{Former(rows[i])},,{Title(rows[i])},{State(rows[i])},,\n");
        }

        return text.ToString();
    }

    private static IEnumerable<string> Expected(int[] rows)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            if (rows[i] == 0)
                continue;
            if (State(rows[i]).Length > 0)
                yield return $"body:AB{i}/state={(State(rows[i]) == "A" ? "active" : "dissolved")}";
            if (Title(rows[i]).Length > 0)
                yield return $"body:AB{i}/title={Title(rows[i])}";
            if (Former(rows[i]).Length > 0)
                yield return $"body:AB{i}~old:{Former(rows[i])}";
        }
    }

    private static string Former(int row) => (row % 3) switch { 0 => "", 1 => "17", _ => "18" };

    private static string Title(int row) => (row % 2) switch { 0 => "", _ => "One" };

    private static string State(int row) => (row % 5) switch { 0 => "", 1 or 2 => "A", _ => "D" };
}
