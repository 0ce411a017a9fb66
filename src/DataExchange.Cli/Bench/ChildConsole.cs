namespace DataExchange.Cli.Bench;

/// <summary>The child's side of <see cref="BenchProcess.AskAsync"/>.</summary>
internal static class ChildConsole
{
    /// <summary>Answers line by line until the parent closes standard input, or has died.</summary>
    public static async Task AnswerAsync(Func<string, string> answer, CancellationToken cancellationToken)
    {
        while (await Console.In.ReadLineAsync(cancellationToken) is { } question)
            Console.WriteLine(BenchProcess.AnswerMark + answer(question));
    }
}
