using EDA.Bench.Verification;
using EDA.Engine.Alignment;
using EDA.Engine.Baselines.Qgpo;
using EDA.Kernels;

namespace EDA.Bench.Agreement;

/// <summary>Contrastive energy prediction, QGPO's guidance.</summary>
internal sealed class QgpoStage : MethodStage
{
    private const int Frequencies = 16;
    private const float FrequencyScale = 30;

    private readonly QgpoSettings _settings;
    private readonly float[] _states, _candidates, _labels, _time, _guidance;

    public QgpoStage(AgreementSize size)
        : base("qgpo", "QGPO's guidance", size)
    {
        var numbers = new Numbers(31);
        int count = size.Transitions, rows = size.States * size.Candidates;
        _settings = new() { Width = Shape.Width, States = size.States, Candidates = size.Candidates, Steps = Steps };
        var shapes = new GuidanceShapes(Shape.StateSize, Shape.ActionSize, Shape.Width);
        _states = Tensor("states", [count, Shape.StateSize], numbers.Normal);
        _candidates = Tensor("candidates", [count, size.Candidates, Shape.ActionSize], numbers.Uniform);
        _labels = Tensor("labels", [count, size.Candidates], numbers.Normal);
        Drawn("indices", [size.States], (draw, i) => Philox.Index(Philox.Word(draw, RandomPurpose.BatchIndex, i), count));
        Drawn("times", [size.States], (draw, i) => VarianceSchedule.Published.Time(Philox.Uniform(Philox.Word(draw, RandomPurpose.DiffusionTime, i))));
        Drawn("noise", [rows, Shape.ActionSize], (draw, i) => Philox.Normal(draw, RandomPurpose.Noise, i));
        ulong next = 0;
        Tensor("frequencies", [Frequencies], () => FrequencyScale * Philox.Normal(new RandomDraw(0, RandomStage.Method, 0), RandomPurpose.Frequencies, next++));
        _time = Network("time", shapes.Time.Slices, VerificationWeights.Mlp(shapes.Time, numbers.Uniform));
        _guidance = Network("guidance", shapes.Main.Slices, VerificationWeights.Mlp(shapes.Main, numbers.Uniform));
        Constant("label_scale", _settings.LabelScale);
        Constant("learning_rate", _settings.LearningRate);
    }

    public override Course Run(IDevice device)
    {
        using var batches = AlignmentBatches.OfArrays(device, _candidates, _labels, Shape.ActionSize, Size.Candidates, _states, Shape.StateSize);
        using var learning = new MlpGuidanceLearning(_settings, batches, device, 0);
        return Follow(learning, [("time", _time), ("guidance", _guidance)]);
    }
}
