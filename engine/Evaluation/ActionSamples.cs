using EDA.Engine.Data.Formats;
using EDA.Engine.Files;

namespace EDA.Engine.Evaluation;

/// <summary>The sampled actions of one policy.</summary>
/// <param name="Name">Whose: the name of its score, such as <c>behavior</c>.</param>
/// <param name="Actions">The actions as they were sampled, so a few may lie beyond the action space [n×K×A].</param>
/// <param name="Q">Their min(Q̄₁, Q̄₂) [n×K]; null where there is no critic.</param>
/// <param name="Density">
/// The policy's own f(a|s, t) at t = <see cref="ActingSettings.DensityTime"/>, in nats up to a constant of the state [n×K];
/// null where it is not known.
/// </param>
public sealed record SampledActions(string Name, float[] Actions, float[]? Q, float[]? Density);

/// <summary>
/// What policies would do in some states of the dataset: samples of each, side by side, so that it can be seen what the tilt
/// from the first of them to the last has done. Sample k of a state begins at the same noise in each of them.
/// </summary>
public sealed record ActionSamples
{
    private const string RowsName = "rows", StatesName = "states", DataActionsName = "data_actions", DataQName = "data_q";
    private const string ActionsEnd = "_actions", QEnd = "_q", DensityEnd = "_density";

    private const int LongestName = 64;

    /// <summary>The dataset's row of each state [n].</summary>
    public required IReadOnlyList<int> Rows { get; init; }

    /// <summary>S.</summary>
    public required int StateSize { get; init; }

    /// <summary>A.</summary>
    public required int ActionSize { get; init; }

    /// <summary>K, the samples of each policy in each state.</summary>
    public required int Candidates { get; init; }

    /// <summary>s [n×S].</summary>
    public required float[] States { get; init; }

    /// <summary>The dataset's own action in each state [n×A].</summary>
    public required float[] DataActions { get; init; }

    /// <summary>Its min(Q̄₁, Q̄₂) [n]; null where there is no critic.</summary>
    public float[]? DataQ { get; init; }

    /// <summary>The policies, what was there before the tilt first.</summary>
    public required IReadOnlyList<SampledActions> Policies { get; init; }

    /// <summary>Whether every number is one.</summary>
    internal bool IsFinite => (DataQ is null || Array.TrueForAll(DataQ, float.IsFinite))
        && Policies.All(policy => ((float[]?[])[policy.Actions, policy.Q, policy.Density]).All(values => values is null || Array.TrueForAll(values, float.IsFinite)));

    /// <summary>
    /// Writes them as an NPZ file: <c>rows</c> [n] of int64, <c>states</c> [n×S], <c>data_actions</c> [n×A], <c>data_q</c> [n], and of each
    /// policy <c>NAME_actions</c> [n×K×A], <c>NAME_q</c> and <c>NAME_density</c> [n×K], all float32; what is not known is not there.
    /// </summary>
    /// <param name="path">The file, replaced if there.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(string path) => WholeFile.Write(path, overwrite: true, temporary =>
    {
        using var file = new NpzWriter(temporary);
        int n = Rows.Count;
        file.Write(RowsName, [n], [.. Rows.Select(row => (long)row)]);
        file.Write(StatesName, [n, StateSize], States);
        file.Write(DataActionsName, [n, ActionSize], DataActions);
        if (DataQ is not null)
            file.Write(DataQName, [n], DataQ);
        foreach (var policy in Policies)
        {
            file.Write(policy.Name + ActionsEnd, [n, Candidates, ActionSize], policy.Actions);
            if (policy.Q is not null)
                file.Write(policy.Name + QEnd, [n, Candidates], policy.Q);
            if (policy.Density is not null)
                file.Write(policy.Name + DensityEnd, [n, Candidates], policy.Density);
        }
    });

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The samples.</returns>
    /// <exception cref="InvalidFileException">It is no NPZ file, damaged, or an array is missing, misshapen or holds what is no finite number.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ActionSamples Load(string path)
    {
        using var file = NpzFile.Open(path);
        var states = Required(StatesName, 2);
        int n = states.Shape[0];
        var rows = Required(RowsName, 1);
        var data = Required(DataActionsName, 2);
        int actionSize = data.Shape[1];
        string[] names = [.. file.Names.Where(name => name.EndsWith(ActionsEnd, StringComparison.Ordinal) && name != DataActionsName).Select(name => name[..^ActionsEnd.Length])];
        if (names.Length == 0)
            throw new InvalidFileException(path, "there is no array NAME" + ActionsEnd);
        if (names.FirstOrDefault(name => name.Length is 0 or > LongestName || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.')) is { } odd)
            throw new InvalidFileException(path, $"{OneLine.Of(odd)} is no name of a policy");
        int candidates = Required(names[0] + ActionsEnd, 3).Shape[1];
        if (n == 0 || candidates == 0 || actionSize == 0)
            throw new InvalidFileException(path, "holds no samples");
        return new ActionSamples
        {
            Rows = [.. Shaped(rows, RowsName, n).Select(RowOf)],
            StateSize = states.Shape[1],
            ActionSize = actionSize,
            Candidates = candidates,
            States = states.Values,
            DataActions = Shaped(data, DataActionsName, n, actionSize),
            DataQ = Optional(DataQName, n),
            Policies =
            [
                .. names.Select(name => new SampledActions(
                    name, Shaped(Required(name + ActionsEnd, 3), name + ActionsEnd, n, candidates, actionSize), Optional(name + QEnd, n, candidates), Optional(name + DensityEnd, n, candidates))),
            ],
        };

        (int[] Shape, float[] Values) Required(string name, int dimensions)
        {
            var found = Read(name) ?? throw new InvalidFileException(path, $"there is no array {name}");
            return found.Shape.Length == dimensions ? found : throw Misshapen(name, found.Shape, $"an array of {dimensions} dimensions");
        }

        float[]? Optional(string name, params int[] shape) => Read(name) is { } found ? Shaped(found, name, shape) : null;

        float[] Shaped((int[] Shape, float[] Values) found, string name, params int[] shape) =>
            found.Shape.SequenceEqual(shape) ? found.Values : throw Misshapen(name, found.Shape, $"[{string.Join("×", shape)}]");

        int RowOf(float row) => row is >= 0 and < int.MaxValue && row == MathF.Floor(row) ? (int)row : throw new InvalidFileException(path, $"{RowsName} holds {row}; allowed are numbers of rows");

        (int[] Shape, float[] Values)? Read(string name)
        {
            using var array = file.Array(name);
            if (array is null)
                return null;
            array.RequireNumbers();
            long count = 1;
            foreach (long size in array.Shape)
                count = size is >= 0 and <= int.MaxValue && count * size <= Array.MaxLength ? count * size : throw new InvalidFileException(path, $"{name} is larger than an array may be");
            var values = new float[count];
            array.Read(values);
            return Array.TrueForAll(values, float.IsFinite) ? ([.. array.Shape.Select(size => (int)size)], values) : throw new InvalidFileException(path, $"{name} holds what is no finite number");
        }

        InvalidFileException Misshapen(string name, int[] shape, string allowed) => new(path, $"{name} is [{string.Join("×", shape)}]; allowed is {allowed}");
    }
}
