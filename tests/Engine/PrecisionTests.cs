using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Optimizers;
using EDA.Engine.Training;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Kernels.Cpu.Matrix;

namespace EDA.Tests.Engine;

/// <summary>Twenty steps of training in bf16x3 and bf16 beside the same in fp32: plain code in the place of the matrix units.</summary>
public sealed class PrecisionTests
{
    // Relative in norm, of what twenty steps have moved the weights by. Adam's first steps are signs of gradients, so that
    // where a gradient is next to nothing its rounding turns a whole step.
    [Theory]
    [InlineData(CpuPrecision.Bf16x3, 1e-3, 2e-2)]
    [InlineData(CpuPrecision.Bf16, 1e-2, 2e-1)]
    public void Twenty_steps_of_pretraining_go_the_same_way(CpuPrecision precision, double losses, double weights)
    {
        var bandit = BanditDataset.Create("8gaussians", 512, 0);
        var (expected, before, moved) = Pretrain(MatrixChoice.Fp32);
        var (found, _, rounded) = Pretrain(new MatrixChoice(precision, MatrixUnit.Managed));
        Assert.All(expected.Zip(found), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, losses * Math.Abs(pair.First)));
        Assert.InRange(Distance(before, moved, rounded), 0, weights);

        (double[] Losses, float[] Before, float[] After) Pretrain(MatrixChoice matrix)
        {
            using var device = Device(matrix);
            using var model = BottleneckDiffusionModel.Create(device, new BdmShape(0, 2, 32, 2), 3);
            using var data = new BehaviorDataset(device, bandit.Points, 2);
            float[] first = model.CloneParameters();
            using var stage = new BehaviorPretraining(new() { Batch = 128, Steps = 20, LearningRate = 1e-3, ReportEvery = 1 }, model, data, 3);
            var heard = new Recorder();
            stage.Run(heard);
            return ([.. heard.Losses], first, model.CloneParameters());
        }
    }

    [Theory]
    [InlineData(CpuPrecision.Bf16x3)]
    [InlineData(CpuPrecision.Bf16)]
    public void Twenty_steps_of_a_critic_go_the_same_way(CpuPrecision precision)
    {
        // Perceptrons are bf16x3 in both.
        var (expected, before, moved) = Train(MatrixChoice.Fp32);
        var (found, _, rounded) = Train(new MatrixChoice(precision, MatrixUnit.Managed));
        Assert.All(expected.Zip(found), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 1e-3 * Math.Abs(pair.First)));
        Assert.InRange(Distance(before, moved, rounded), 0, 2e-2);

        static (double[] Losses, float[] Before, float[] After) Train(MatrixChoice matrix)
        {
            const int Rows = 256, StateSize = 17, ActionSize = 6;
            using var device = Device(matrix);
            using var data = TransitionDataset.Upload(
                device, Numbers(Rows * StateSize, 1), Numbers(Rows * ActionSize, 2), Numbers(Rows, 3), new float[Rows], Numbers(Rows * StateSize, 4), StateSize, ActionSize);
            using var critic = Critic.Create(device, new CriticShape(StateSize, ActionSize, 64), 1);
            using var learning = new ImplicitQLearning(new() { Batch = 64, Steps = 20, ReportEvery = 1, Implicit = new ImplicitQSettings { Policy = PolicyExtraction.None } }, critic, data);
            using var training = new CriticTraining(learning, 1);
            float[] first = critic.Twin.ToArray();
            var heard = new Recorder();
            training.Run(heard);
            return ([.. heard.Losses], first, critic.Twin.ToArray());
        }
    }

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (2 * random.NextSingle()) - 1)];
    }

    private static CpuDevice Device(MatrixChoice matrix) => new(new CpuOptions(SimdLevel.Portable, 2) { Matrix = matrix });

    private static double Distance(float[] before, float[] moved, float[] rounded)
    {
        double error = 0, way = 0;
        for (int i = 0; i < before.Length; i++)
        {
            error += Math.Pow(moved[i] - (double)rounded[i], 2);
            way += Math.Pow(moved[i] - (double)before[i], 2);
        }

        return Math.Sqrt(error / way);
    }
}
