using EDA.Kernels;

namespace EDA.Tests.Golden;

/// <summary>Gaps and labels of an objective's golden case, as generate.py makes them.</summary>
public sealed class ObjectiveInputs(GoldenObjective golden)
{
    public AlignmentObjective Objective { get; } =
        new(Enum.Parse<AlignmentLoss>(golden.Objective), golden.Temperature, golden.LabelScale);

    public float[] Gaps { get; } = FormulaNumbers.Fill(
        golden.StateCount * golden.CandidateCount, i => 2 * FormulaNumbers.Spread((1000 * golden.Seed) + 430, i));

    public float[] Labels { get; } = FormulaNumbers.Fill(
        golden.StateCount * golden.CandidateCount, i => FormulaNumbers.Spread((1000 * golden.Seed) + 414, i));
}
