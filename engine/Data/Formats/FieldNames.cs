namespace EDA.Engine.Data.Formats;

/// <summary>D4RL's names of a dataset's fields.</summary>
internal static class FieldNames
{
    public const string Observations = "observations";
    public const string Actions = "actions";
    public const string Rewards = "rewards";
    public const string Terminals = "terminals";
    public const string Timeouts = "timeouts";
    public const string NextObservations = "next_observations";
}
