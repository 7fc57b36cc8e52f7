using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Tests.Data;

namespace EDA.Tests.Engine;

/// <summary>Pairs that pretraining does not see, and its loss on them.</summary>
public sealed class HeldOutTests : IDisposable
{
    private readonly CpuDevice _device = new(new CpuOptions(CpuOptions.BestSimd, 2));
    private readonly QLearningView _view = new(new SyntheticTransitions(1, 3000).Dataset());

    public void Dispose() => _device.Dispose();

    [Fact]
    public void Few_are_kept_back_and_the_rest_is_trained_on()
    {
        int[] heldOut = HeldOutRows.Choose(_view.Count, 50, 3);
        Assert.Equal(50, heldOut.Distinct().Count());
        Assert.Equal(heldOut.Order(), heldOut);
        Assert.InRange(heldOut.Average(), 0.35 * _view.Count, 0.65 * _view.Count);
        Assert.Equal(heldOut, HeldOutRows.Choose(_view.Count, 50, 3));
        Assert.NotEqual(heldOut, HeldOutRows.Choose(_view.Count, 50, 4));

        using var remaining = HeldOutRows.Remaining(_device, _view, heldOut);
        int[] kept = [.. Enumerable.Range(0, _view.Count).Except(heldOut)];
        Assert.Equal(kept.SelectMany(i => _view.State(i).ToArray()), remaining.States!.ToArray());
        Assert.Equal(kept.SelectMany(i => _view.Action(i).ToArray()), remaining.Actions.ToArray());
        // A saved state knows the same pairs again, however they came to the device.
        using var copied = new BehaviorDataset(_device, remaining.Actions.ToArray(), _view.ActionSize, remaining.States!.ToArray(), _view.StateSize);
        Assert.Equal(copied.Fingerprint, remaining.Fingerprint);
    }

    [Fact]
    public void No_more_than_a_tenth_and_perhaps_none()
    {
        Assert.Equal(_view.Count / 10, HeldOutRows.Choose(_view.Count, 1 << 20, 3).Length);
        Assert.Empty(HeldOutRows.Choose(_view.Count, 0, 3));
        using var all = HeldOutRows.Remaining(_device, _view, []);
        Assert.Equal(_view.Actions(), all.Actions.ToArray());
        using var model = Model();
        Assert.Null(HeldOutLoss.Measure(model, _view, [], 3));
    }

    [Fact]
    public void A_model_that_predicts_nothing_has_the_noises_own_square()
    {
        int[] heldOut = HeldOutRows.Choose(_view.Count, 240, 3);
        using var model = Model();
        model.SetParameters(new float[model.Layout.Length]);
        double loss = HeldOutLoss.Measure(model, _view, heldOut, 3)!.Value;

        // Chi-squared of A = 2 degrees: mean 2, variance 4, over 1920 draws.
        Assert.InRange(loss, 2 - (5 * 2 / Math.Sqrt(1920)), 2 + (5 * 2 / Math.Sqrt(1920)));
        Assert.Equal(loss, HeldOutLoss.Measure(model, _view, heldOut, 3));
        Assert.NotEqual(loss, HeldOutLoss.Measure(model, _view, heldOut, 4));
    }

    [Fact]
    public void It_is_the_pretraining_loss_on_the_same_pairs()
    {
        using var model = BottleneckDiffusionModel.Create(_device, new BdmShape(3, 2, 32, 1), 7);
        int[] heldOut = HeldOutRows.Choose(_view.Count, 240, 3);
        double measured = HeldOutLoss.Measure(model, _view, heldOut, 3)!.Value;

        // The denoising step's own loss, over as many draws of its own: equal in the mean.
        const int Steps = 40;
        float[] states = [.. heldOut.SelectMany(i => _view.State(i).ToArray())];
        float[] actions = [.. heldOut.SelectMany(i => _view.Action(i).ToArray())];
        using var deviceStates = _device.Upload<float>(states);
        using var deviceActions = _device.Upload<float>(actions);
        using var gradient = _device.Allocate<float>(model.Layout.Length);
        using var loss = _device.Allocate<float>(1);
        double sum = 0;
        for (uint step = 0; step < Steps; step++)
        {
            model.Operations.DenoisingStep(new()
            {
                Parameters = model.Parameters,
                Actions = deviceActions,
                States = deviceStates,
                Rows = heldOut.Length,
                Draws = new(new RandomDraw(1, RandomStage.Behavior, step)),
                Gradient = gradient,
                Loss = loss,
            });
            sum += loss.ToArray()[0];
        }

        Assert.InRange(measured / (sum / Steps), 0.9, 1.1);
    }

    private BottleneckDiffusionModel Model() => BottleneckDiffusionModel.Create(_device, new BdmShape(3, 2, 32, 1), 0);
}
