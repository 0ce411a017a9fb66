namespace DataExchange.Cli.Joining;

internal enum StepState
{
    Done,

    /// <summary>The next one: what somebody has to do now.</summary>
    Next,

    /// <summary>Not looked at, since it needs those before it.</summary>
    Later,
}

/// <summary>One step of a department's way into the exchange.</summary>
/// <param name="Who">Must act.</param>
/// <param name="What">Is to be done; empty where it is done.</param>
internal sealed record JoiningStep(string Step, StepState State, string Who, string What);
