using System.Reflection;
using EDA.Kernels;
using EDA.Kernels.Gpu;
using EDA.Tests.Golden;
using EDA.Tests.Kernels;
using EDA.Tests.Software;

namespace EDA.Tests.Gpu;

/// <summary>
/// A recording knows every array of its operation: whichever one is exchanged, what comes out is what a device without
/// recordings gives.
/// </summary>
[Trait("speed", "slow")]
public sealed class ExchangedArrayTests
{
    private static readonly Type[] Seams = [typeof(IBdmOperations), typeof(ICriticOperations), typeof(IMlpOperations)];

    private static readonly BdmInputs Bdm = new(new BdmProblem("exchanged", 171, 3, 2, 32, 1, Rows: 6, StateCount: 3, CandidateCount: 4));

    private static readonly CriticInputs Critic = new(new CriticProblem("exchanged", 91, 3, 2, 32, 20, 6, 4));

    private static readonly MlpInputs Mlp = new(new MlpProblem("exchanged", 397, 3, [5], 2, MlpActivation.SiLU, MlpOutput.Tanh, 6));

    public static TheoryData<string> Operations => [.. Seams.SelectMany(MethodsOf).Select(method => method.Name)];

    [Theory]
    [MemberData(nameof(Operations))]
    public void Whichever_array_is_exchanged_the_new_one_is_used(string operation)
    {
        var backend = new RecordingBackend();
        using var recorded = new Bench(operation, backend);
        using var plain = new Bench(operation, new SoftwareBackend());
        for (int i = 0; i < 3; i++)
            RunBoth(recorded, plain, recorded.Call, plain.Call, operation);
        bool replays = backend.Replays > 0;
        Assert.Equal(operation is not (nameof(IBdmOperations.Density) or nameof(IBdmOperations.Score) or nameof(IBdmOperations.Objective)
            or nameof(ICriticOperations.MinimumQ) or nameof(ICriticOperations.Value) or nameof(ICriticOperations.Act)), replays);

        var places = CallArrays.Of(recorded.Call.GetType()).Where(place => place.Get(recorded.Call) is not null).ToList();
        Assert.NotEmpty(places);
        foreach (var place in places)
        {
            var (mine, theirs) = (recorded.Exchanged(place), plain.Exchanged(place));
            RunBoth(recorded, plain, mine, theirs, $"{operation} with another {place.Name}");
            RunBoth(recorded, plain, recorded.Call, plain.Call, $"{operation} after another {place.Name}");
        }
    }

    private static IEnumerable<MethodInfo> MethodsOf(Type seam) => seam.GetMethods().Where(method =>
        method.GetParameters() is [{ ParameterType: { IsByRef: true } type }] && type.GetElementType()!.Name.EndsWith("Call", StringComparison.Ordinal));

    private static void RunBoth(Bench recorded, Bench plain, object mine, object theirs, string what)
    {
        recorded.Run(mine);
        plain.Run(theirs);
        foreach (var place in CallArrays.Of(mine.GetType()))
            Assert.True(Bench.Contents(place.Get(theirs)).SequenceEqual(Bench.Contents(place.Get(mine))), $"{what}: {place.Name} differs");
    }

    // An operation on a device with all its arrays.
    private sealed class Bench : IDisposable
    {
        private readonly GpuDevice _device;
        private readonly List<IDisposable> _owned = [];
        private readonly object _operations;
        private readonly MethodInfo _method;

        public Bench(string operation, GpuBackend backend)
        {
            _device = new GpuDevice(backend);
            _method = Seams.SelectMany(MethodsOf).Single(method => method.Name == operation);
            _operations = _method.DeclaringType == typeof(IBdmOperations) ? Own(_device.CreateBdm(Bdm.Problem.Shape, VarianceSchedule.Published))
                : _method.DeclaringType == typeof(ICriticOperations) ? Own(_device.CreateCritic(Critic.Problem.Shape))
                : Own(_device.CreateMlp(Mlp.Problem.Shape));
            Call = Make(operation);
        }

        public object Call { get; }

        /// <summary>The elements of a float or int array; none for null.</summary>
        public static IEnumerable<double> Contents(object? array) => array switch
        {
            DeviceArray<float> floats => floats.ToArray().Select(value => (double)value),
            DeviceArray<int> ints => ints.ToArray().Select(value => (double)value),
            _ => [],
        };

        public void Run(object call) => _method.Invoke(_operations, [call]);

        /// <summary>The call with another array in a place, of other contents.</summary>
        public object Exchanged(CallArrays place) => place.With(Call, place.Get(Call) is DeviceArray<float> floats
            ? Up([.. floats.ToArray().Select(value => float.IsNaN(value) ? value : Math.Abs((0.75f * value) + 0.0625f))])
            : Up([.. ((DeviceArray<int>)place.Get(Call)!).ToArray().Select(index => (index + 1) % Critic.Problem.Count)]));

        public void Dispose()
        {
            for (int i = _owned.Count - 1; i >= 0; i--)
                _owned[i].Dispose();
            _device.Dispose();
        }

        private object Make(string operation)
        {
            var bdm = Bdm.Problem;
            var critic = Critic.Problem;
            var draw = new RandomDraw(3, RandomStage.Alignment, 1);
            int n = bdm.Rows, b = bdm.StateCount, k = bdm.CandidateCount, a = bdm.ActionSize;
            GapDraws Draws() => new(draw, Up(Bdm.GapTimes), Up(Bdm.GapNoise));
            TrainedArrays Trained(float[] values) => new(Up(values), Empty(values.Length), Up(new float[values.Length]), Up(new float[values.Length]));
            TransitionBatch Batch() => new(
                new(Up(Critic.States), Up(Critic.Actions), Up(Critic.Rewards), Up(Critic.Terminals), Up(Critic.NextStates), critic.Count),
                critic.Rows, draw, Up(Critic.Indices(0)));
            var update = new CriticUpdate(new(1e-3), 1, 0.1f);
            return operation switch
            {
                nameof(IBdmOperations.Density) => new EvaluationCall { Parameters = Up(Bdm.Behavior), Actions = Up(Bdm.Diffused), Times = Up(Bdm.Times), States = Up(Bdm.States!), Rows = n, Output = Empty(n) },
                nameof(IBdmOperations.Score) => new EvaluationCall { Parameters = Up(Bdm.Behavior), Actions = Up(Bdm.Diffused), Times = Up(Bdm.Times), States = Up(Bdm.States!), Rows = n, Output = Empty(n * a) },
                nameof(IBdmOperations.Gaps) => new GapsCall
                {
                    Policy = Up(Bdm.Policy),
                    Behavior = Up(Bdm.Behavior),
                    Batch = new()
                    {
                        Candidates = Up(Bdm.Candidates),
                        States = Up(Bdm.GapStates!),
                        StateCount = b,
                        CandidateCount = k,
                        Draws = Draws(),
                    },
                    Gaps = Empty(b * k),
                },
                nameof(IBdmOperations.Objective) => new ObjectiveCall { Objective = new(AlignmentLoss.Value, 1, 3), Gaps = Up(Bdm.Labels), Labels = Up(Bdm.Labels), StateCount = b, CandidateCount = k, GapsGradient = Empty(b * k), Loss = Empty(1) },
                nameof(IBdmOperations.DenoisingStep) => new DenoisingStepCall
                {
                    Parameters = Up(Bdm.Behavior),
                    Actions = Up(Bdm.Actions),
                    States = Up(Bdm.States!),
                    Rows = n,
                    Draws = new(draw, bdm.DropoutRate, Up(Bdm.Times), Up(Bdm.Noise), Up(Bdm.Mask)),
                    Gradient = Empty(Bdm.Layout.Length),
                    Loss = Empty(1),
                },
                nameof(IBdmOperations.AlignmentStep) => new AlignmentStepCall
                {
                    Policy = Up(Bdm.Policy),
                    Behavior = Up(Bdm.Behavior),
                    Batch = new()
                    {
                        Candidates = Up(Bdm.Candidates),
                        States = Up(Bdm.GapStates!),
                        StateCount = b,
                        CandidateCount = k,
                        Draws = Draws(),
                    },
                    Labels = Up(Bdm.Labels),
                    Objective = new(AlignmentLoss.Value, 1, 3),
                    Gradient = Empty(Bdm.Layout.Length),
                    Loss = Empty(1),
                },
                nameof(IBdmOperations.Sample) => new SampleCall
                {
                    Parameters = Up(Bdm.Behavior),
                    States = Up(Bdm.SampleStates!),
                    StateCount = bdm.SampleStateCount,
                    CandidateCount = bdm.SampleCandidateCount,
                    Table = SolverTables.FirstOrder(2),
                    Draw = draw,
                    Start = Up(Bdm.Start),
                    Actions = Empty(Bdm.Start.Length),
                },
                nameof(ICriticOperations.ImplicitStep) => new ImplicitStepCall { Batch = Batch(), Backup = critic.Implicit, Value = Trained(Critic.Value), Twin = Trained(Critic.Twin), Target = Up(Critic.Target), Update = update, Losses = Empty(CriticLosses.Count) },
                nameof(ICriticOperations.SampledStep) => new SampledStepCall { Batch = Batch(), Backup = new(0.99f, 1, Up(Critic.NextActions(0)), critic.CandidateCount), Twin = Trained(Critic.Twin), Target = Up(Critic.Target), Update = update, Losses = Empty(CriticLosses.Count) },
                nameof(ICriticOperations.PolicyStep) => new PolicyStepCall { Batch = Batch(), Weighting = critic.Weighting, Value = Up(Critic.Value), Target = Up(Critic.Target), Policy = Trained(Critic.Policy), Adam = update.Adam, Step = 1, Losses = Empty(CriticLosses.Count) },
                nameof(ICriticOperations.MinimumQ) => new MinimumQCall { Twin = Up(Critic.Twin), States = Up(Critic.States), Actions = Up(Critic.Candidates), StateCount = critic.Rows, CandidateCount = critic.CandidateCount, Q = Empty(critic.Rows * critic.CandidateCount) },
                nameof(ICriticOperations.Value) => new StateEvaluationCall { Parameters = Up(Critic.Value), States = Up(Critic.States), Rows = critic.Rows, Output = Empty(critic.Rows) },
                nameof(ICriticOperations.Act) => new StateEvaluationCall { Parameters = Up(Critic.Policy), States = Up(Critic.States), Rows = critic.Rows, Output = Empty(critic.Rows * critic.ActionSize) },
                nameof(ICriticOperations.ActionGradient) => new ActionGradientCall { Twin = Up(Critic.Twin), States = Up(Critic.States), Actions = Up(Critic.Actions), Rows = critic.Rows, Gradient = Empty(critic.Rows * critic.ActionSize), Q = Empty(critic.Rows) },
                nameof(IMlpOperations.Forward) => new MlpForwardCall { Parameters = Up(Mlp.Parameters), Inputs = Up(Mlp.Inputs), Rows = Mlp.Problem.Rows, Outputs = Empty(Mlp.OutputsGradient.Length) },
                nameof(IMlpOperations.Gradient) => new MlpGradientCall
                {
                    Parameters = Up(Mlp.Parameters),
                    Inputs = Up(Mlp.Inputs),
                    Rows = Mlp.Problem.Rows,
                    OutputsGradient = Up(Mlp.OutputsGradient),
                    ParametersGradient = Empty(Mlp.Layout.Length),
                    InputsGradient = Empty(Mlp.Inputs.Length),
                    Outputs = Empty(Mlp.OutputsGradient.Length),
                },
                _ => throw new NotSupportedException($"no arguments for {operation}: add them here"),
            };
        }

        private DeviceArray<float> Empty(int length) => Up(new float[length]);

        private DeviceArray<float> Up(float[] values) => Own(_device.Upload<float>(values));

        private DeviceArray<int> Up(int[] values) => Own(_device.Upload<int>(values));

        private T Own<T>(T resource)
            where T : IDisposable
        {
            _owned.Add(resource);
            return resource;
        }
    }
}
