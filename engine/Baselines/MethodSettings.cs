using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace EDA.Engine.Baselines;

/// <summary>Which method a run is of, with the settings that only that method looks at. In documents it is an object whose <c>name</c> tells the rest.</summary>
[JsonConverter(typeof(MethodSettingsConverter))]
public abstract record MethodSettings
{
    /// <summary>The method: the row of the table whose settings these are.</summary>
    [JsonIgnore]
    public Method Row => Method.Table.All.Single(method => method.SettingsType == GetType());

    /// <summary>The steps of the method's own training (<see cref="Runs.RunStages.Policy"/>); 0 where it has none.</summary>
    /// <returns>The steps.</returns>
    public virtual long CountSteps() => 0;

    /// <summary>The steps of one of the stages in which the method trains.</summary>
    /// <param name="stage">The stage's name.</param>
    /// <returns>The steps; 0 where it has no such stage.</returns>
    public virtual long CountSteps(string stage) => stage == Runs.RunStages.Policy ? CountSteps() : 0;

    /// <summary>The same with fewer or more of these steps.</summary>
    /// <param name="steps">The steps.</param>
    /// <returns>The changed settings; as they are where there is no such training.</returns>
    public virtual MethodSettings WithSteps(long steps) => this;

    /// <summary>How many candidates of a state it has labelled, where that is the method's to say.</summary>
    /// <returns>Their number; null where <see cref="Alignment.AlignmentSettings.Candidates"/> says.</returns>
    public virtual int? CountCandidates() => null;

    /// <summary>The same with fewer or more of these.</summary>
    /// <param name="candidates">Their number.</param>
    /// <returns>The changed settings; as they are where it is not the method's to say.</returns>
    public virtual MethodSettings WithCandidates(int candidates) => this;
}

/// <summary>Writes a method's settings with its name, by which their type is found again.</summary>
public sealed class MethodSettingsConverter : JsonConverter<MethodSettings>
{
    private const string NameKey = "name";

    /// <inheritdoc/>
    public override MethodSettings Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var document = JsonNode.Parse(ref reader)?.AsObject() ?? throw new JsonException("null");
        var method = Method.Table.Find(document[NameKey]?.GetValue<string>());
        document.Remove(NameKey);
        return (MethodSettings)document.Deserialize(method.SettingsType, options)!;
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, MethodSettings value, JsonSerializerOptions options)
    {
        var document = new JsonObject { [NameKey] = value.Row.Name };
        foreach (var (key, setting) in JsonSerializer.SerializeToNode(value, value.GetType(), options)!.AsObject())
            document[key] = setting?.DeepClone();
        document.WriteTo(writer, options);
    }
}
