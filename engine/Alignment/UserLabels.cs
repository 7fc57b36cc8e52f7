using System.Globalization;
using EDA.Engine.Checkpoints;
using EDA.Engine.Data;
using EDA.Engine.Data.Formats;
using EDA.Kernels;

namespace EDA.Engine.Alignment;

/// <summary>
/// A user's own annotations (method: section 5): states, candidates of each, and either their Q-values or which of them
/// is best. Everything is checked before any training.
/// </summary>
public sealed class UserLabels
{
    private readonly float[]? _states;
    private readonly float[] _candidates;
    private readonly float[] _labels;

    /// <summary>Checks annotations.</summary>
    /// <param name="source">The file they come from, for messages.</param>
    /// <param name="states">The states [N×S]; null for a policy without a state, whose actions may be of any size.</param>
    /// <param name="candidates">The candidates [N×K×A].</param>
    /// <param name="q">Their Q-values [N×K]; null where there are winners.</param>
    /// <param name="winner">The number of the best candidate of each state, from 0 [N]; null where there are Q-values.</param>
    /// <exception cref="InvalidFileException">A field is missing, misshapen or holds a number that is not allowed: the message names field and row.</exception>
    public UserLabels(string source, NamedTensor? states, NamedTensor? candidates, NamedTensor? q, NamedTensor? winner)
    {
        if (candidates is null)
            throw new InvalidFileException(source, "there is no field candidates; needed are states, candidates, and q or winner");
        if ((q is null) == (winner is null))
            throw new InvalidFileException(source, q is null ? "there is neither a field q nor a field winner" : "there are both q and winner; allowed is one of the two");
        if (candidates.Shape is not [>= 1, >= 2, >= 1])
            throw Misshapen(source, candidates, "[N×K×A] with K at least 2");
        (Count, CandidateCount, ActionSize) = (candidates.Shape[0], candidates.Shape[1], candidates.Shape[2]);
        if (states is not null && (states.Shape is not [_, >= 1] || states.Shape[0] != Count))
            throw Misshapen(source, states, $"[{Count}×S], a row for each row of candidates");
        if (q is not null && !q.Shape.SequenceEqual([Count, CandidateCount]))
            throw Misshapen(source, q, $"[{Count}×{CandidateCount}], a number for each candidate");
        if (winner is not null && !winner.Shape.SequenceEqual([Count]) && !winner.Shape.SequenceEqual([Count, 1]))
            throw Misshapen(source, winner, $"[{Count}], a number for each row of candidates");

        StateSize = states?.Shape[1] ?? 0;
        Source = source;
        HasValues = q is not null;
        _states = states?.Values;
        _candidates = candidates.Values;
        if (states is not null)
            CheckNumbers(states, float.MaxValue, "a finite number");
        CheckNumbers(candidates, states is null ? float.MaxValue : 1 + OfflineDataset.ActionTolerance, states is null ? "a finite number" : "a number from -1 to 1");
        if (q is not null)
            CheckNumbers(q, float.MaxValue, "a finite number");
        _labels = q?.Values ?? Winners(winner!);
    }

    /// <summary>Reads annotations: an NPZ file with the arrays <c>states</c>, <c>candidates</c>, and <c>q</c> or <c>winner</c>; others are ignored.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The annotations.</returns>
    /// <exception cref="InvalidFileException">It is no NPZ file, or an array is missing, misshapen or holds a number that is not allowed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static UserLabels Load(string path)
    {
        using var file = NpzFile.Open(path);
        return new UserLabels(path, Field("states"), Field("candidates"), Field("q"), Field("winner"));

        NamedTensor? Field(string name)
        {
            using var array = file.Array(name);
            if (array is null)
                return null;
            array.RequireNumbers();
            var values = new float[array.Shape.Aggregate(1L, (product, size) => product * size)];
            array.Read(values);
            return new NamedTensor(name, [.. array.Shape.Select(size => (int)size)], values);
        }
    }

    /// <summary>The file they come from.</summary>
    public string Source { get; }

    /// <summary>N.</summary>
    public int Count { get; }

    /// <summary>S, 0 where there is no state.</summary>
    public int StateSize { get; }

    /// <summary>A.</summary>
    public int ActionSize { get; }

    /// <summary>K.</summary>
    public int CandidateCount { get; }

    /// <summary>Whether there are Q-values, rather than only winners.</summary>
    public bool HasValues { get; }

    /// <summary>The states [N×S]; empty where S = 0.</summary>
    public ReadOnlyMemory<float> States => _states;

    /// <summary>The candidates [N×K×A].</summary>
    public ReadOnlyMemory<float> Candidates => _candidates;

    /// <summary>Q [N×K]; where there are winners alone, 1 for the best of a state and 0 for the others.</summary>
    public ReadOnlyMemory<float> Labels => _labels;

    /// <summary>A short name for the contents.</summary>
    public string Fingerprint => Checkpoints.Fingerprint.Of(_candidates, _labels, _states);

    /// <summary>Refuses annotations that a model cannot be aligned on.</summary>
    /// <param name="shape">The model's sizes.</param>
    /// <param name="objective">The objective.</param>
    /// <exception cref="InvalidFileException">The sizes differ from the model's, or the objective needs values where there are winners alone.</exception>
    public void Check(BdmShape shape, PolicyObjective objective)
    {
        if (shape.StateSize != StateSize || shape.ActionSize != ActionSize)
            throw new InvalidFileException(Source, $"has {StateSize} state and {ActionSize} action variables where the model has {shape.StateSize} and {shape.ActionSize}");
        if (objective.NeedsValues && !HasValues)
            throw new InvalidFileException(Source, "holds winners and no q, which the value objective needs; allowed with winners are preference and dpo");
    }

    /// <summary>Batches of the annotations.</summary>
    /// <param name="device">The device.</param>
    /// <param name="memory">How much of its memory they may take; null for the default.</param>
    /// <returns>The batches, owned by the caller; winners have label 1 and the others 0.</returns>
    public AlignmentBatches ToBatches(IDevice device, RowMemory? memory = null) =>
        AlignmentBatches.OfArrays(device, _candidates, _labels, ActionSize, CandidateCount, _states, StateSize, memory);

    private static InvalidFileException Misshapen(string source, NamedTensor field, string allowed) =>
        new(source, $"{field.Name} is [{string.Join("×", field.Shape)}]; allowed is {allowed}");

    private void CheckNumbers(NamedTensor field, float largest, string allowed)
    {
        int width = field.Values.Length / field.Shape[0];
        for (int i = 0; i < field.Values.Length; i++)
        {
            if (!(Math.Abs(field.Values[i]) <= largest))
                throw new InvalidFileException(Source, string.Create(CultureInfo.InvariantCulture, $"{field.Name}, row {i / width}, is {field.Values[i]:R}; allowed is {allowed}"));
        }
    }

    private float[] Winners(NamedTensor winner)
    {
        var labels = new float[Count * CandidateCount];
        for (int row = 0; row < Count; row++)
        {
            float number = winner.Values[row];
            if (!(number >= 0 && number < CandidateCount && number == MathF.Floor(number)))
                throw new InvalidFileException(Source, string.Create(CultureInfo.InvariantCulture, $"{winner.Name}, row {row}, is {number:R}; allowed is a whole number from 0 to {CandidateCount - 1}"));
            labels[(row * CandidateCount) + (int)number] = 1;
        }

        return labels;
    }
}
