using EDA.Kernels;
using EDA.Tests.Golden;
using EDA.Tests.Twin;

namespace EDA.Tests.Kernels;

/// <summary>The alignment objectives by themselves: the softmax, its ties and its extremes.</summary>
public class ObjectiveTests
{
    public static TheoryData<string> Names => TestDevices.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Losses_and_gradients_are_the_twins(string deviceName)
    {
        foreach (var loss in Enum.GetValues<AlignmentLoss>())
        {
            foreach ((int states, int k) in new[] { (1, 2), (7, 3), (33, 16), (3, 50), (5, 128) })
            {
                var objective = new AlignmentObjective(loss, 0.7f, 3);
                float[] gaps = FormulaNumbers.Fill(states * k, i => 3 * FormulaNumbers.Spread(k, i));
                float[] labels = FormulaNumbers.Fill(states * k, i => FormulaNumbers.Spread(1000 + k, i));
                var truth = TwinObjective.Step(objective, gaps, labels, k);
                var found = Step(deviceName, objective, gaps, labels, k);
                Deviation.AssertClose(truth.Loss, found.Loss, Tolerances.Loss, $"{loss} loss, K = {k}");
                Deviation.AssertClose(truth.GapsGradient, found.GapsGradient, Tolerances.Score, $"{loss} gradient, K = {k}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Of_equal_labels_the_first_wins(string deviceName)
    {
        var (_, gradient) = Step(deviceName, new AlignmentObjective(AlignmentLoss.Preference, 1, 1), [0, 0, 0, 0], [1, 2, 2, 0], 4);
        Assert.Equal([0.25f, -0.75f, 0.25f, 0.25f], gradient, (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Large_gaps_and_labels_do_not_overflow(string deviceName)
    {
        foreach (var loss in Enum.GetValues<AlignmentLoss>())
        {
            var found = Step(deviceName, new AlignmentObjective(loss, 5, 3), [400, -400, 0, 399], [-900, 900, 0, 1], 4);
            Assert.Equal(4000, found.Loss, 1e-2);
            Assert.Equal([5f, -5f, 0, 0], found.GapsGradient, (a, b) => Math.Abs(a - b) < 0.05);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Preference_loss_does_not_look_at_the_label_scale(string deviceName)
    {
        float[] gaps = [0.1f, -0.4f, 0.9f], labels = [0.3f, 0.8f, 0.2f];
        Assert.Equal(
            Step(deviceName, new AlignmentObjective(AlignmentLoss.Preference, 1, 3), gaps, labels, 3).GapsGradient,
            Step(deviceName, new AlignmentObjective(AlignmentLoss.Preference, 1, 0), gaps, labels, 3).GapsGradient);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_label_or_gap_that_is_no_number_shows_in_the_loss(string deviceName)
    {
        foreach (var loss in Enum.GetValues<AlignmentLoss>())
        {
            foreach (int place in new[] { 0, 1, 35 })
            {
                float[] gaps = FormulaNumbers.Fill(36, i => FormulaNumbers.Spread(3, i)), labels = FormulaNumbers.Fill(36, i => FormulaNumbers.Spread(4, i));
                float[] poisonedGaps = [.. gaps], poisonedLabels = [.. labels];
                (poisonedGaps[place], poisonedLabels[place]) = (float.NaN, float.NaN);
                var objective = new AlignmentObjective(loss, 0.7f, 3);
                Assert.True(float.IsNaN(Step(deviceName, objective, poisonedGaps, labels, 36).Loss), $"{loss}, gap {place}");
                Assert.True(float.IsNaN(Step(deviceName, objective, gaps, poisonedLabels, 36).Loss), $"{loss}, label {place}");
            }

            // A single label has no other beside it that could show.
            Assert.True(float.IsNaN(Step(deviceName, new AlignmentObjective(loss, 0.7f, 3), [1], [float.NaN], 1).Loss), $"{loss}, K = 1");
        }
    }

    private static (float Loss, float[] GapsGradient) Step(
        string deviceName, AlignmentObjective objective, float[] gaps, float[] labels, int candidateCount)
    {
        using var device = TestDevices.Create(deviceName);
        using var operations = device.CreateBdm(new BdmShape(0, 2, 32, 1), VarianceSchedule.Published);
        using var gapsOnDevice = device.Upload<float>(gaps);
        using var labelsOnDevice = device.Upload<float>(labels);
        using var gradient = device.Allocate<float>(gaps.Length);
        using var loss = device.Allocate<float>(1);
        operations.Objective(new()
        {
            Objective = objective,
            Gaps = gapsOnDevice,
            Labels = labelsOnDevice,
            StateCount = gaps.Length / candidateCount,
            CandidateCount = candidateCount,
            GapsGradient = gradient,
            Loss = loss,
        });
        device.Synchronize();
        return (loss.ToArray()[0], gradient.ToArray());
    }
}
