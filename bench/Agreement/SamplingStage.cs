using EDA.Bench.Verification;
using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>The published solver's 15 evaluations, from starting points that are given. Nothing is trained.</summary>
internal sealed class SamplingStage : AgreementStage
{
    private readonly float[] _weights;
    private readonly float[] _states;
    private readonly float[] _start;

    public SamplingStage(AgreementSize size)
        : base("sampling", "sampling", size)
    {
        var numbers = new Numbers(13);
        var layout = new BdmLayout(Shape);
        _weights = Network("model", layout.Slices, VerificationWeights.Bdm(layout, numbers.Uniform));
        _states = Tensor("states", [size.States, Shape.StateSize], numbers.Normal);
        _start = Tensor("start", [size.States * size.Candidates, Shape.ActionSize], numbers.Normal);
        Constant("evaluations", DpmSolver.Published.Evaluations.Length);
    }

    public override bool Trains => false;

    public override Course Run(IDevice device)
    {
        using var operations = device.CreateBdm(Shape, VarianceSchedule.Published);
        using var weights = device.Upload<float>(_weights);
        using var states = device.Upload<float>(_states);
        using var start = device.Upload<float>(_start);
        using var actions = device.Allocate<float>(_start.Length);
        operations.Sample(new()
        {
            Parameters = weights,
            States = states,
            StateCount = Size.States,
            CandidateCount = Size.Candidates,
            Table = DpmSolver.Published,
            Draw = default,
            Start = start,
            Actions = actions,
        });
        return new Course(new Dictionary<string, float[]>(), new Dictionary<(int, string), float[]> { [(Steps, "actions")] = actions.ToArray() });
    }
}
