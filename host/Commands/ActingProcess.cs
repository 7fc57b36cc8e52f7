using System.Text.Json;
using System.Text.Json.Nodes;
using EDA.Engine;
using EDA.Engine.Environments;

namespace EDA.Host.Commands;

/// <summary>
/// Answers lines: <c>{"state": […]}</c> by <c>{"action": […]}</c>, <c>{"states": [[…], …]}</c> by <c>{"actions": [[…], …]}</c>,
/// <c>{"reset": true}</c> by <c>{"step": 0}</c>, and what it cannot answer by <c>{"error": "…"}</c>, after which it goes on. The n-th line of
/// states since the start or the last reset draws its noise as step n of an evaluation does, row e as its episode e.
/// </summary>
/// <param name="actor">Who acts.</param>
/// <param name="stateSize">S.</param>
/// <param name="actionSize">A.</param>
internal sealed class ActingProcess(IActor actor, int stateSize, int actionSize)
{
    private uint _step;

    /// <summary>Answers until the input ends.</summary>
    /// <param name="input">The lines.</param>
    /// <param name="output">The answers.</param>
    public void Run(TextReader input, TextWriter output)
    {
        while (input.ReadLine() is { } line)
        {
            if (string.IsNullOrWhiteSpace(line))
                continue;
            JsonObject answer;
            try
            {
                answer = Answer(JsonNode.Parse(line) as JsonObject ?? throw new FormatException("the line is no JSON object"));
            }
            catch (Exception refused) when (refused is JsonException or FormatException or InvalidOperationException or Engine.Training.TrainingDivergedException)
            {
                answer = new() { ["error"] = OneLine.Of(refused is JsonException ? "the line is no JSON" : refused.Message) };
            }

            output.WriteLine(answer.ToJsonString());
        }
    }

    private JsonObject Answer(JsonObject asked)
    {
        if (asked["state"] is { } one)
            return new() { ["action"] = Numbers(Act([State(one, "state")])[0]) };
        if (asked["states"] is JsonArray several)
            return new() { ["actions"] = new JsonArray([.. Act([.. several.Select((state, row) => State(state, string.Create(CultureInfo.InvariantCulture, $"states[{row}]")))]).Select(Numbers)]) };
        if (asked["reset"] is JsonValue reset && reset.TryGetValue(out bool wanted) && wanted)
        {
            _step = 0;
            return new() { ["step"] = 0 };
        }

        throw new FormatException("the line has none of state, states and reset");
    }

    private float[][] Act(float[][] states)
    {
        if (states.Length == 0)
            return [];
        var actions = new float[states.Length * actionSize];
        actor.Act(_step++, [.. Enumerable.Range(0, states.Length)], [.. states.SelectMany(state => state)], actions);
        return [.. actions.Select(value => Math.Clamp(value, -1, 1)).Chunk(actionSize)];
    }

    private float[] State(JsonNode? node, string name)
    {
        if (node is not JsonArray numbers || numbers.Count != stateSize)
            throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"{name} has {(node as JsonArray)?.Count ?? 0} numbers; allowed are {stateSize}"));
        var state = new float[stateSize];
        for (int i = 0; i < state.Length; i++)
        {
            if (numbers[i] is not JsonValue value || !value.TryGetValue(out double number) || !float.IsFinite((float)number))
                throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"{name}[{i}] is {numbers[i]?.ToJsonString() ?? "null"}; allowed is a finite number"));
            state[i] = (float)number;
        }

        return state;
    }

    private static JsonArray Numbers(float[] action) => new([.. action.Select(value => (JsonNode)value)]);
}
