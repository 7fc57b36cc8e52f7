namespace EDA.Engine.Runs;

/// <summary>The two kinds of data that a run can be on.</summary>
public enum RunKind
{
    /// <summary>Points of a 2-D bandit: no state, their own energy for a critic, the exact answer known.</summary>
    Bandit,

    /// <summary>Transitions of an environment that the policies are rolled out in.</summary>
    Dataset,
}

/// <summary>A setting that only runs of one kind have: others neither take it nor write it down.</summary>
/// <param name="kind">The kind.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OnlyForAttribute(RunKind kind) : Attribute
{
    /// <summary>The kind.</summary>
    public RunKind Kind => kind;
}

/// <summary>A setting that no weight and no number of a run depends on: what was made under another value of it is still the same run's.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ShowsOnlyAttribute : Attribute
{
}
