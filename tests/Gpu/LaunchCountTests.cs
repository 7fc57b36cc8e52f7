using EDA.Kernels;
using EDA.Kernels.Gpu;
using EDA.Tests.Golden;
using EDA.Tests.Kernels;
using EDA.Tests.Software;

namespace EDA.Tests.Gpu;

/// <summary>A step is as many launches as its document says: each costs a microsecond on a GPU, whatever it does.</summary>
public class LaunchCountTests
{
    [Fact]
    public void An_implicit_step_is_eight_launches()
    {
        using var device = new GpuDevice(new SoftwareBackend());
        using var run = new CriticRun(device, new CriticInputs(new CriticProblem("counted", 1, 3, 2, 32, 20, 5, 1)));
        using var profile = device.StartProfile();
        for (uint step = 0; step < 3; step++)
        {
            profile.Begin($"step {step}");
            run.Operations.ImplicitStep(new()
            {
                Batch = run.Drawn(step),
                Backup = run.Inputs.Problem.Implicit,
                Value = run.Value with { Gradient = null },
                Twin = run.Twin with { Gradient = null },
                Target = run.Target,
                Update = new(new AdamSettings(3e-4), step + 1, 0.005f),
                Losses = run.Losses,
            });
            profile.End();
        }

        // The first finds no place in the random stream set.
        Assert.Equal([9, 8, 8], profile.Launches.GroupBy(launch => launch.Operation).Select(step => step.Count()));
        Assert.Equal("set_draw", profile.Launches[0].Kernel);
    }
}
