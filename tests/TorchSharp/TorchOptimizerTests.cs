using EDA.Engine.Optimizers;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Kernels.Gpu;
using EDA.Tests.Golden;
using EDA.Tests.Software;
using TorchSharp;
using TorchSharp.Modules;
using Named = System.Collections.Generic.IReadOnlyList<(string name, TorchSharp.Modules.Parameter parameter)>;
using Optimizer = TorchSharp.torch.optim.Optimizer;
using Scheduler = TorchSharp.torch.optim.lr_scheduler.LRScheduler;

namespace EDA.Tests.TorchOptimizers;

/// <summary>TorchSharp's optimizers over the engine's arrays: what they would do to tensors of their own, in the engine's memory.</summary>
public sealed class TorchOptimizerTests : IDisposable
{
    private const int Steps = 5;

    private static readonly BdmLayout Layout = new(new BdmShape(3, 1, 32, 1));

    private static readonly Dictionary<string, Func<Named, Optimizer>> Optimizers = new()
    {
        ["Adam"] = p => torch.optim.Adam(p),
        ["Adam, amsgrad"] = p => torch.optim.Adam(p, amsgrad: true),
        ["AdamW"] = p => torch.optim.AdamW(p, weight_decay: 0.1),
        ["Adamax"] = p => torch.optim.Adamax(p),
        ["NAdam"] = p => torch.optim.NAdam(p),
        ["RAdam"] = p => torch.optim.RAdam(p),
        ["Adagrad"] = p => torch.optim.Adagrad(p),
        ["Adadelta"] = p => torch.optim.Adadelta(p),
        ["ASGD"] = p => torch.optim.ASGD(p),
        ["RMSProp"] = p => torch.optim.RMSProp(p, momentum: 0.5, centered: true),
        ["Rprop"] = p => torch.optim.Rprop(p),
        ["SGD"] = p => torch.optim.SGD(p, 1e-3),
        ["SGD, momentum"] = p => torch.optim.SGD(p, 1e-3, momentum: 0.9),
    };

    private static readonly Dictionary<string, Func<Optimizer, Scheduler>> Schedulers = new()
    {
        ["StepLR"] = optimizer => torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5),
        ["ExponentialLR"] = optimizer => torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9),
        ["CosineAnnealingLR"] = optimizer => torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10),
        ["LambdaLR"] = optimizer => torch.optim.lr_scheduler.LambdaLR(optimizer, step => 1 / (step + 2.0)),
        ["OneCycleLR"] = optimizer => torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, 20),
    };

    private readonly CpuDevice _device = new();
    private readonly List<IDisposable> _owned = [];

    public static TheoryData<string> OptimizerNames => [.. Optimizers.Keys];

    public static TheoryData<string> SchedulerNames => [.. Schedulers.Keys];

    public void Dispose()
    {
        foreach (var owned in _owned)
            owned.Dispose();
        _device.Dispose();
    }

    [OptionalTheory(OptionalNeeds.Libtorch)]
    [MemberData(nameof(OptimizerNames))]
    public void It_does_what_it_does_to_tensors_of_its_own(string name)
    {
        float[] expected = Alone(Optimizers[name], null);
        var parameters = Upload(Initial());
        using var optimizer = new TorchOptimizer(parameters, Layout, Optimizers[name]);
        var gradient = Upload(new float[Layout.Length]);
        for (int step = 0; step < Steps; step++)
        {
            gradient.CopyFrom(Gradient(step));
            optimizer.Step(gradient);
        }

        Assert.Equal(Steps, optimizer.StepCount);
        Assert.Equal(expected, parameters.ToArray());
        Assert.NotEqual(Initial(), expected);
    }

    [OptionalFact(OptionalNeeds.Libtorch)]
    public void Its_Adam_is_the_engines()
    {
        var (ours, theirs) = (Upload(Initial()), Upload(Initial()));
        using var fused = new EDA.Engine.Optimizers.Adam(_device, ours) { LearningRate = 3e-3 };
        using var torchs = new TorchOptimizer(theirs, Layout, Optimizers["Adam"]) { LearningRate = 3e-3 };
        for (int step = 0; step < 20; step++)
        {
            var gradient = Upload(Gradient(step));
            fused.Step(gradient);
            torchs.Step(gradient);
        }

        // Each step moves by about the learning rate, and rounds the parameter: as in AdamGoldenTests, to which the engine's is held.
        double allowed = 2 * 20 * ((2e-5 * 3e-3) + Math.Pow(2, -24));
        foreach (var (mine, other) in ours.ToArray().Zip(theirs.ToArray()))
            Assert.Equal(mine, other, allowed);
    }

    [OptionalFact(OptionalNeeds.Libtorch)]
    public void Parameters_and_gradients_are_the_engines_memory()
    {
        var parameters = Upload(Initial());
        var gradient = Upload(new float[Layout.Length]);
        Named named = [];
        using var optimizer = new TorchOptimizer(parameters, Layout, p => torch.optim.SGD(named = p, 1));
        Assert.Equal(Layout.Slices.Skip(1).Select(slice => slice.Name), named.Select(p => p.name));
        Assert.Equal(Layout.Slices.Skip(1).Select(slice => slice.Dimensions.Select(size => (long)size)), named.Select(p => p.parameter.shape));
        var slice = Layout.InputWeight;
        var parameter = named.Single(p => p.name == slice.Name).parameter;
        using (torch.no_grad())
            parameter.fill_(7);
        Assert.All(parameters.ToArray()[slice.Offset..(slice.Offset + slice.Length)], value => Assert.Equal(7, value));
        optimizer.Step(gradient);
        using (var seen = parameter.grad!)
            seen.fill_(3);
        Assert.All(gradient.ToArray()[slice.Offset..(slice.Offset + slice.Length)], value => Assert.Equal(3, value));
        optimizer.Step(gradient);
        Assert.All(parameters.ToArray()[slice.Offset..(slice.Offset + slice.Length)], value => Assert.Equal(4, value));
    }

    [OptionalFact(OptionalNeeds.Libtorch)]
    public void A_gradient_in_another_array_is_taken_from_there()
    {
        var parameters = Upload(new float[Layout.Length]);
        using var optimizer = new TorchOptimizer(parameters, Layout, p => torch.optim.SGD(p, 1));
        foreach (float size in new[] { 1f, 10f, 100f })
            optimizer.Step(Upload(FormulaNumbers.Fill(Layout.Length, _ => size)));
        Assert.All(parameters.ToArray().Skip(Layout.Frequencies.Length), value => Assert.Equal(-111, value));
    }

    [OptionalFact(OptionalNeeds.Libtorch)]
    public void Decay_leaves_the_frequencies_and_what_lies_between_models()
    {
        int stride = Layout.ModelStride;
        var parameters = Upload(FormulaNumbers.Fill(3 * stride, _ => 1));
        var gradient = _device.Allocate<float>(3 * stride);
        _owned.Add(gradient);
        using var optimizer = new TorchOptimizer(parameters, Layout, p =>
        {
            Assert.Equal(["0.", "1.", "2."], p.Select(parameter => parameter.name[..2]).Distinct());
            return torch.optim.AdamW(p, lr: 0.5, weight_decay: 1);
        });
        optimizer.Step(gradient);
        float[] found = parameters.ToArray();
        for (int i = 0; i < found.Length; i++)
            Assert.Equal(i % stride < Layout.Frequencies.Length || i % stride >= Layout.Length ? 1 : 0.5f, found[i]);
    }

    [OptionalTheory(OptionalNeeds.Libtorch)]
    [MemberData(nameof(OptimizerNames))]
    public void A_saved_state_goes_on_to_the_same_bits(string name) => AssertResumes(Optimizers[name], null);

    [OptionalTheory(OptionalNeeds.Libtorch)]
    [MemberData(nameof(SchedulerNames))]
    public void A_schedule_goes_on_where_it_stood(string name) => AssertResumes(Optimizers["SGD, momentum"], Schedulers[name]);

    [OptionalTheory(OptionalNeeds.Libtorch)]
    [MemberData(nameof(SchedulerNames))]
    public void A_scheduler_does_what_it_does_alone(string name)
    {
        float[] expected = Alone(Optimizers["SGD, momentum"], Schedulers[name]);
        var parameters = Upload(Initial());
        using var optimizer = new TorchOptimizer(parameters, Layout, Optimizers["SGD, momentum"], Schedulers[name]);
        for (int step = 0; step < Steps; step++)
            optimizer.Step(Upload(Gradient(step)));
        Deviation.AssertClose(Deviation.Widen(expected), parameters.ToArray(), 1e-6, name);
    }

    [OptionalFact(OptionalNeeds.Libtorch)]
    public void The_stages_rate_scales_a_schedule_and_the_groups_own()
    {
        var parameters = Upload(new float[Layout.Length]);
        var gradient = Upload(FormulaNumbers.Fill(Layout.Length, _ => 1));
        using var optimizer = new TorchOptimizer(
            parameters,
            Layout,
            p => new SGD([new SGD.ParamGroup([p[0].parameter], 0.1), new SGD.ParamGroup([.. p.Skip(1).Select(parameter => parameter.parameter)], 0.2)], 0.1),
            scheduler => torch.optim.lr_scheduler.ExponentialLR(scheduler, 0.5));
        Assert.Equal(0.1, optimizer.LearningRate, 1e-12);
        optimizer.LearningRate = 8;
        Assert.Equal(8, optimizer.LearningRate, 1e-12);
        optimizer.Step(gradient);
        Assert.Equal(4, optimizer.LearningRate, 1e-12);
        optimizer.LearningRate = 2;
        Assert.Equal(1, optimizer.LearningRate, 1e-12);
        optimizer.Step(gradient);
        float[] found = parameters.ToArray();
        Assert.Equal(-9, found[Layout.ConditionWeight.Offset]);
        Assert.Equal(-18, found[Layout.InputWeight.Offset]);
    }

    [OptionalFact(OptionalNeeds.Libtorch)]
    public void Another_devices_arrays_are_copied()
    {
        using var software = new GpuDevice(new SoftwareBackend());
        using var parameters = software.Upload<float>(Initial());
        using var optimizer = new TorchOptimizer(parameters, Layout, Optimizers["AdamW"]);
        for (int step = 0; step < Steps; step++)
        {
            using var gradient = software.Upload<float>(Gradient(step));
            optimizer.Step(gradient);
        }

        Assert.Equal(Alone(Optimizers["AdamW"], null), parameters.ToArray());
    }

    [OptionalFact(OptionalNeeds.Libtorch)]
    public void What_does_not_fit_is_refused()
    {
        var parameters = Upload(Initial());
        Assert.Throws<ArgumentException>(() => new TorchOptimizer(Upload([1, 2, 3]), Layout, Optimizers["Adam"]));
        Assert.Throws<ArgumentException>(() => new TorchOptimizer(parameters, Layout, p => torch.optim.LBFGS(p.Select(parameter => parameter.parameter))));
        Assert.Throws<ArgumentException>(() => new TorchOptimizer(parameters, Layout, p => torch.optim.SGD(p, 0)));
        Assert.Throws<ArgumentException>(() => new TorchOptimizer(parameters, Layout, Optimizers["Adam"], optimizer => torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)));
        using var adam = new TorchOptimizer(parameters, Layout, Optimizers["Adam"]);
        Assert.Throws<ArgumentException>(() => adam.Step(Upload([1])));
        var state = adam.ExportState();
        Assert.Equal(["exp_avg", "exp_avg_sq"], state.Keys.Order());
        Assert.Throws<ArgumentException>(() => adam.ImportState(new Dictionary<string, float[]>(), 1));
        Assert.Throws<ArgumentException>(() => adam.ImportState(new Dictionary<string, float[]>(state) { ["exp_avg"] = [1] }, 1));
        Assert.Throws<ArgumentException>(() => adam.ImportState(new Dictionary<string, float[]>(state) { ["first_moment"] = state["exp_avg"] }, 1));
        using var other = new TorchOptimizer(parameters, Layout, Optimizers["SGD"]);
        Assert.Throws<ArgumentException>(() => other.ImportState(state, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => adam.ImportState(state, -1));
    }

    [OptionalFact(OptionalNeeds.Libtorch)]
    public void Its_name_tells_what_a_run_depends_on()
    {
        var parameters = Upload(Initial());
        using var adam = new TorchOptimizer(parameters, Layout, p => torch.optim.AdamW(p, weight_decay: 0.25), Schedulers["StepLR"]);
        Assert.StartsWith("torch.optim.AdamW(", adam.Name, StringComparison.Ordinal);
        Assert.Contains("weight_decay=0.25", adam.Name, StringComparison.Ordinal);
        Assert.EndsWith("StepLR", adam.Name, StringComparison.Ordinal);
    }

    private static float[] Initial() => FormulaNumbers.Fill(Layout.Length, i => FormulaNumbers.Uniform(71, i));

    private static float[] Gradient(int step) =>
        FormulaNumbers.Fill(Layout.Length, i => i < Layout.Frequencies.Length ? 0 : 0.1 * FormulaNumbers.Spread(72 + step, i));

    // Tensors that torch owns, cut from the same numbers.
    private static float[] Alone(Func<Named, Optimizer> create, Func<Optimizer, Scheduler>? schedule)
    {
        float[] values = Initial();
        var slices = Layout.Slices.Skip(1).ToList();
        Named named = [.. slices.Select(slice => (slice.Name, new Parameter(Cut(values, slice))))];
        using var optimizer = create(named);
        var scheduler = schedule?.Invoke(optimizer);
        for (int step = 0; step < Steps; step++)
        {
            for (int i = 0; i < slices.Count; i++)
                named[i].parameter.grad = Cut(Gradient(step), slices[i]);
            optimizer.step();
            scheduler?.step();
        }

        for (int i = 0; i < slices.Count; i++)
            named[i].parameter.data<float>().ToArray().CopyTo(values, slices[i].Offset);
        return values;
    }

    private static torch.Tensor Cut(float[] values, ParameterSlice slice) =>
        torch.tensor(values[slice.Offset..(slice.Offset + slice.Length)]).reshape([.. slice.Dimensions.Select(size => (long)size)]).clone();

    private void AssertResumes(Func<Named, Optimizer> create, Func<Optimizer, Scheduler>? scheduler)
    {
        var whole = Upload(Initial());
        float[] middle = [];
        IReadOnlyDictionary<string, float[]> state;
        using (var optimizer = new TorchOptimizer(whole, Layout, create, scheduler))
        {
            Take(optimizer, 0, 3);
            (middle, state) = (whole.ToArray(), optimizer.ExportState());
            Take(optimizer, 3, 6);
        }

        var rest = Upload(middle);
        using var other = new TorchOptimizer(rest, Layout, create, scheduler);
        // A state that is not empty is replaced.
        other.Step(Upload(new float[Layout.Length]));
        rest.CopyFrom(middle);
        other.ImportState(state, 3);
        Assert.Equal(3, other.StepCount);
        Take(other, 3, 6);
        Assert.Equal(whole.ToArray(), rest.ToArray());

        void Take(TorchOptimizer optimizer, int from, int until)
        {
            for (int step = from; step < until; step++)
            {
                optimizer.LearningRate = 1e-3 * (1 + step);
                optimizer.Step(Upload(Gradient(step)));
            }
        }
    }

    private DeviceArray<float> Upload(float[] values)
    {
        var array = _device.Upload<float>(values);
        _owned.Add(array);
        return array;
    }
}
