namespace EDA.Tests;

/// <summary>Names the listed need for which a test may be skipped.</summary>
public interface IOptionalTest
{
    /// <summary>One of <see cref="OptionalNeeds.Names"/>.</summary>
    string Need { get; }
}

/// <summary>A fact that needs something optional, and is skipped, with the reason, where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OptionalFactAttribute : FactAttribute, IOptionalTest
{
    public OptionalFactAttribute(string need) => (Need, Skip) = (need, OptionalNeeds.ReasonToSkip(need));

    /// <inheritdoc/>
    public string Need { get; }
}

/// <summary>A theory that needs something optional, and is skipped, with the reason, where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OptionalTheoryAttribute : TheoryAttribute, IOptionalTest
{
    public OptionalTheoryAttribute(string need) => (Need, Skip) = (need, OptionalNeeds.ReasonToSkip(need));

    /// <inheritdoc/>
    public string Need { get; }
}
