using System.Globalization;
using EDA.Engine;
using EDA.Engine.Environments;
using EDA.Engine.Environments.Models;
using EDA.Engine.Environments.Mujoco;
using EDA.Kernels;

namespace EDA.Tests.Environments;

/// <summary>The binding to the library, and what is handed to it.</summary>
public class MujocoTests
{
    [OptionalFact(OptionalNeeds.Mujoco)]
    public void The_library_says_what_it_is() => Assert.Matches(@"^\d+\.\d+\.\d+$", MujocoLibrary.OfMachine.Calls.VersionText);

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void Sizes_are_read_from_the_compiled_model()
    {
        using var model = MujocoModel.FromText(MjcfWriter.Write(MazeAnt.In(AntMazeTask.UMaze.Maze)));
        Assert.Equal((15, 14, 8), (model.PositionCount, model.VelocityCount, model.ControlCount));
    }

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void A_falling_body_falls_as_galileo_says()
    {
        using var model = MujocoModel.FromText("""
            <mujoco><option timestep="0.001" gravity="0 0 -9.81"/>
              <worldbody><body><joint type="slide" axis="0 0 1"/><geom type="sphere" size="0.1"/></body></worldbody>
            </mujoco>
            """);
        using var simulation = new MujocoSimulation(model);
        simulation.SetState([3], [2]);
        simulation.Advance([], 100);
        Assert.Equal(2 - (9.81 * 0.1), simulation.Velocities[0], 1e-12);
        Assert.Equal(3 + (2 * 0.1) - (9.81 * 0.001 * 0.001 * (100 * 101 / 2)), simulation.Positions[0], 1e-12);
        simulation.Reset();
        Assert.Equal(0, simulation.Positions[0]);
    }

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void What_is_no_model_is_refused_in_one_line()
    {
        var refused = Assert.Throws<InvalidFileException>(() => MujocoModel.FromText("<mujoco><worldbody><geom type='egg'/></worldbody></mujoco>"));
        Assert.Contains("not a MuJoCo model", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        string missing = Path.Combine(Path.GetTempPath(), "no-such-model.xml");
        Assert.StartsWith(missing + ": not a MuJoCo model: ", Assert.Throws<InvalidFileException>(() => MujocoModel.FromFile(missing)).Message, StringComparison.Ordinal);
    }

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void An_unstable_simulation_is_counted_and_writes_no_file()
    {
        int before = MujocoLibrary.Warnings;
        using var environment = EnvironmentCatalogue.Find("hopper").Create();
        var observation = new double[11];
        environment.Restore(default, [0, 1.25, 0, 0, 0, 0], [0, 1e14, 0, 0, 0, 0], observation);
        environment.Step([0, 0, 0], observation);
        Assert.True(MujocoLibrary.Warnings > before);
        Assert.False(File.Exists("MUJOCO_LOG.TXT"));
    }

    [OptionalFact(OptionalNeeds.Mujoco)]
    public void Simulations_do_not_disturb_each_other()
    {
        double[][] Roll(int threads)
        {
            var ends = new double[6][];
            Parallel.For(0, ends.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
            {
                using var environment = EnvironmentCatalogue.Find("walker2d").Create();
                var observation = new double[17];
                environment.Reset(new EDA.Kernels.RandomDraw(1, EDA.Kernels.RandomStage.Evaluation, (uint)i), observation);
                for (int step = 0; step < 200; step++)
                    environment.Step([0.3, -0.8, 0.5, -0.2, 0.9, Math.Sin(step + i)], observation);
                ends[i] = observation;
            });
            return ends;
        }

        Assert.Equal(Roll(1), Roll(4));
    }

    [OptionalFact(OptionalNeeds.NoMujoco)]
    public void Without_the_library_there_is_one_line_that_names_the_package()
    {
        var missing = Assert.Throws<MissingLibraryException>(() => EnvironmentCatalogue.Find("hopper").Create());
        Assert.Contains(Environment.GetEnvironmentVariable(MujocoLibrary.PathVariable) is null ? "libmujoco2.2.2" : MujocoLibrary.PathVariable, missing.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', missing.Message);
    }

    [Fact]
    public void Models_are_written_with_points_whatever_the_culture()
    {
        var before = CultureInfo.CurrentCulture;
        string wanted = MjcfWriter.Write(PlanarLegs.Hopper);
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo(string.Empty) { NumberFormat = { NumberDecimalSeparator = ",", NegativeSign = "minus " } };
            Assert.Equal(wanted, MjcfWriter.Write(PlanarLegs.Hopper));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }

        Assert.Contains("timestep=\"0.002\"", wanted, StringComparison.Ordinal);
        Assert.Contains("range=\"-150 0\"", wanted, StringComparison.Ordinal);
    }
}
