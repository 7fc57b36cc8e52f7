using System.Text.Json.Serialization;

namespace EDA.Engine.Alignment;

/// <summary>An alignment objective that a user may choose: a row of a table.</summary>
/// <param name="Name">The name, as typed.</param>
/// <param name="Create">Makes it, of β and q.</param>
[JsonConverter(typeof(NamedConverter<ObjectiveKind>))]
public sealed record ObjectiveKind(string Name, Func<double, double, PolicyObjective> Create) : INamed<ObjectiveKind>
{
    /// <summary><see cref="ValueObjective"/> (Eq. 14).</summary>
    public static ObjectiveKind Value { get; } = new("value", (temperature, labelScale) => new ValueObjective(temperature, labelScale));

    /// <summary><see cref="PreferenceObjective"/> (Eq. 15).</summary>
    public static ObjectiveKind Preference { get; } = new("preference", (temperature, _) => new PreferenceObjective(temperature));

    /// <summary><see cref="PreferenceObjective"/> with two candidates (Eq. 16).</summary>
    public static ObjectiveKind Dpo { get; } = Preference with { Name = "dpo", OnlyCandidates = 2 };

    /// <summary>All of them.</summary>
    public static NamedTable<ObjectiveKind> Table { get; } = new("objective", Value, Preference, Dpo);

    /// <summary>The one number of candidates that it is defined for; null for any from 2.</summary>
    public int? OnlyCandidates { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
