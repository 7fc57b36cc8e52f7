using System.Globalization;
using System.Text.RegularExpressions;
using EDA.Engine.Data;

namespace EDA.Engine.Environments;

/// <summary>No environment, for a dataset that has none (a robot's log): sizes of states and actions, and nothing to step.</summary>
internal sealed partial class AbsentKind(int stateSize, int actionSize) : EnvironmentKind
{
    /// <inheritdoc/>
    public override EnvironmentDescription Description { get; } = new(
        FormattableString.Invariant($"none:{stateSize}x{actionSize}"),
        "no environment",
        [.. Enumerable.Range(0, stateSize).Select(i => new Variable(FormattableString.Invariant($"s{i}"), string.Empty))],
        [.. Enumerable.Range(0, actionSize).Select(i => Variable.Action(FormattableString.Invariant($"a{i}"), string.Empty))],
        0,
        0,
        D4rlEnvironment.UsualEpisodeLimit,
        0,
        ReferenceReturns.Identity,
        D4rlDomain.Other);

    /// <inheritdoc/>
    public override bool NeedsMujoco => false;

    /// <inheritdoc/>
    public override bool CanBeStepped => false;

    /// <summary>Reads a name such as <c>none:17x6</c>.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The kind; null if the name is another's.</returns>
    public static AbsentKind? Parse(string? name) =>
        name is not null && Pattern().Match(name) is { Success: true } match ? new(Number(match.Groups[1]), Number(match.Groups[2])) : null;

    /// <inheritdoc/>
    public override IEnvironment Create() => throw new InvalidOperationException("a dataset without an environment is not rolled out");

    private static int Number(Group digits) => int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex("^none:([1-9][0-9]{0,5})x([1-9][0-9]{0,5})$")]
    private static partial Regex Pattern();
}
