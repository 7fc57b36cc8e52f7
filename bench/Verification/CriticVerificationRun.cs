using EDA.Bench.Kernels;
using EDA.Kernels;

namespace EDA.Bench.Verification;

/// <summary>A critic on a device, of the sizes of a case with states: what every device gets alike, and what each makes of it.</summary>
internal sealed class CriticVerificationRun(IDevice device, VerificationCase problem) : IDisposable
{
    /// <summary>Rows of networks with ReLU, where slopes of single rows are compared.</summary>
    public const int FewRows = 64;

    private const int Count = 500;

    private readonly CriticWorkload _workload = new(device, problem.Size.Critic, problem.States, problem.Candidates, Count);

    private ICriticOperations Operations => _workload.Operations;

    private int States => Math.Min(problem.States, Count);

    // Networks with NaN in one of them, in one place after the other.
    private IEnumerable<CriticNetworks> Values => Poisoned(_workload.Value, _workload.Layout.Value).Select(value => _workload.Networks(value: value));

    private IEnumerable<CriticNetworks> Twins => Poisoned(_workload.Twin, _workload.Layout.Twin).Select(twin => _workload.Networks(twin: twin));

    private IEnumerable<CriticNetworks> Targets => Poisoned(_workload.Twin, _workload.Layout.Twin).Select(target => _workload.Networks(target: target));

    private IEnumerable<CriticNetworks> Policies => Poisoned(_workload.Policy, _workload.Layout.Policy).Select(policy => _workload.Networks(policy: policy));

    /// <summary>Implicit Q-learning with its policy, some steps of it.</summary>
    public (float[] Losses, float[] Gradient, float[] Parameters) Implicit(int steps)
    {
        var networks = _workload.Networks();
        TrainedArrays[] trained = [networks.Value, networks.Twin, networks.Policy];
        float[] gradient = [], losses = [];
        for (int step = 0; step < steps; step++)
        {
            Operations.ImplicitStep(_workload.ImplicitAt(step, networks));
            Operations.PolicyStep(_workload.PolicyAt(step, networks));
            if (step == 0)
                (losses, gradient) = (_workload.Losses.ToArray(), [.. trained.SelectMany(network => network.Gradient!.ToArray())]);
        }

        return (losses, gradient, [.. trained.SelectMany(network => network.Parameters.ToArray()), .. networks.Target.ToArray()]);
    }

    /// <summary>Softmax Q-learning, some steps of it: the parameters.</summary>
    public float[] Sampled(int steps)
    {
        var networks = _workload.Networks();
        for (int step = 0; step < steps; step++)
            Operations.SampledStep(_workload.SampledAt(step, networks));
        return [.. networks.Twin.Parameters.ToArray(), .. networks.Target.ToArray()];
    }

    /// <summary>∂Q/∂a, and Q, of a few rows of the dataset.</summary>
    public float[] ActionGradient(TwinChoice choice)
    {
        int rows = Math.Min(problem.States, FewRows);
        float[] q = [], gradient = _workload.Written(rows * problem.Shape.ActionSize, slopes =>
            q = _workload.Written(rows, values => Operations.ActionGradient(_workload.SlopesOf(rows, slopes) with { Choice = choice, Q = values })));
        return [.. gradient, .. q];
    }

    /// <summary>The smaller of the twins for K actions of each state, V, and the policy's actions.</summary>
    public float[] Evaluate()
    {
        var networks = _workload.Networks();
        return [.. MinimumQ(networks), .. Value(networks), .. Act(networks)];
    }

    /// <summary>V's loss with NaN in V, and in either of the target's twins: how many losses are numbers all the same.</summary>
    public int ValueHidesNaN() => Numbers(ImplicitLoss(CriticLosses.Value), [.. Targets, .. Values]);

    /// <summary>The twins' loss with NaN in either, and in V, whose value of the next state it is made from.</summary>
    public int TwinsHideNaN() => Numbers(ImplicitLoss(CriticLosses.Q), [.. Twins, .. Values]);

    /// <summary>The policy's loss with NaN in it, in V, and in either of the target's twins.</summary>
    public int PolicyHidesNaN() => Numbers(Loss(CriticLosses.Policy, networks => Operations.PolicyStep(_workload.PolicyAt(0, networks))), [.. Policies, .. Values, .. Targets]);

    /// <summary>The loss of softmax Q-learning with NaN in either twin, and in either of the target's.</summary>
    public int SampledHidesNaN() => Numbers(Loss(CriticLosses.Q, networks => Operations.SampledStep(_workload.SampledAt(0, networks))), [.. Twins, .. Targets]);

    /// <summary>The smaller of the twins, V and the policy's actions, each with NaN in it.</summary>
    public int EvaluationHidesNaN() =>
        Numbers(MinimumQ, Targets) + Numbers(Value, Values) + Numbers(networks => [.. Act(networks).Where((_, i) => i % problem.Shape.ActionSize == 0)], Policies);

    public void Dispose() => _workload.Dispose();

    private static int Numbers(Func<CriticNetworks, float[]> run, IEnumerable<CriticNetworks> poisoned) => poisoned.Sum(networks => run(networks).Count(value => !float.IsNaN(value)));

    // A hidden weight, then the bias of the first output, of each of equal networks.
    private static IEnumerable<float[]> Poisoned(float[] weights, MlpLayout layout) =>
        layout.Networks.SelectMany(network => new[] { network.Layers[1].Weight, network.Layers[2].Bias }).Select(slice =>
        {
            float[] poisoned = [.. weights];
            poisoned[slice.Offset] = float.NaN;
            return poisoned;
        });

    private Func<CriticNetworks, float[]> ImplicitLoss(int which) => Loss(which, networks => Operations.ImplicitStep(_workload.ImplicitAt(0, networks)));

    // They start as NaN elsewhere; here an unwritten loss must not pass for one that is NaN.
    private Func<CriticNetworks, float[]> Loss(int which, Action<CriticNetworks> run) => networks =>
    {
        _workload.Losses.CopyFrom(new float[CriticLosses.Count]);
        run(networks);
        return [_workload.Losses.ToArray()[which]];
    };

    private float[] MinimumQ(CriticNetworks networks) => _workload.Written(States * problem.Candidates, q => Operations.MinimumQ(_workload.LabelsOf(networks, States, q)));

    private float[] Value(CriticNetworks networks) => _workload.Written(States, v => Operations.Value(_workload.StatesOf(networks.Value, States, v)));

    private float[] Act(CriticNetworks networks) => _workload.Written(States * problem.Shape.ActionSize, actions => Operations.Act(_workload.StatesOf(networks.Policy, States, actions)));
}
