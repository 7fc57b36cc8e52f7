using System.Text.Json;
using EDA.Bench.Agreement;
using EDA.Kernels;
using EDA.Tests.Host;
using EDA.Tests.Kernels;

namespace EDA.Tests.Bench;

/// <summary>eda verify --against pytorch.</summary>
[Trait("speed", "slow")]
public class AgreementTests
{
    [OptionalFact(OptionalNeeds.PyTorch)]
    public void Every_stage_goes_where_PyTorchs_does()
    {
        using var folder = new ScratchFolder();
        var result = BenchProcess.Run(folder.Path, "verify", "--against", "pytorch", "--small", "--python", OptionalNeeds.PythonWithTorch!, "--json", folder.At("table.json"));
        Assert.True(result.Status == 0, result.Output + result.Error);
        Assert.Contains("all stages agree", result.Output, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(File.ReadAllText(folder.At("table.json")));
        var root = document.RootElement;
        Assert.True(root.GetProperty("passed").GetBoolean());
        Assert.StartsWith("PyTorch ", root.GetProperty("against").GetString(), StringComparison.Ordinal);
        Assert.Equal([1, 10, 50], root.GetProperty("steps").EnumerateArray().Select(step => step.GetInt32()));
        var rows = root.GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal(
            ["behavior pretraining", "implicit Q-learning", "softmax Q-learning", "sampling", "value alignment", "preference alignment", "iql's policy", "Gaussian cloning", "QGPO's guidance", "TD3+BC", "Diffusion-QL", "VAE"],
            rows.Select(row => row.GetProperty("stage").GetString()).Distinct());
        // Two programs, not one twice; and near each other by float32, not by a loose bound.
        Assert.All(rows, row => Assert.InRange(row.GetProperty("engine_pytorch").EnumerateArray().Last().GetDouble(), 1e-9, 1e-3));
        Assert.All(rows, row => Assert.InRange(row.GetProperty("allowed").GetDouble(), 1e-5, 2e-3));
    }

    [OptionalFact(OptionalNeeds.PyTorch)]
    public void A_device_that_takes_other_steps_fails_in_the_stages_that_take_them()
    {
        using var device = new HastyDevice(TestDevices.Create("software"));
        using var words = new StringWriter();
        var table = AgreementTable.Run(device, PythonReference.Find(OptionalNeeds.PythonWithTorch), AgreementSize.Small, words);
        Assert.False(table.Passed);
        Assert.Equal(
            ["behavior pretraining", "value alignment", "preference alignment", "iql's policy", "Gaussian cloning", "QGPO's guidance", "TD3+BC", "Diffusion-QL", "VAE"], table.Rows.Where(row => !row.Passed).Select(row => row.Stage).Distinct());
        Assert.Contains("FAILED", words.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_rounding_explains_passes_and_no_more()
    {
        Assert.True(Row(2e-4, 1e-4, 2e-7).Passed);
        Assert.False(Row(4e-4, 1e-4, 2e-7).Passed);
        Assert.False(Row(2e-4, 1e-4, 1e-3).Passed);
        Assert.False(Row(null, 1e-4, 2e-7).Passed);
        Assert.False(Row(2e-4, null, 2e-7).Passed);
        Assert.False(Row(2e-4, 1e-4, null).Passed);
        Assert.False(new AgreementTable("d", "PyTorch", [50], []).Passed);

        static AgreementRow Row(double? engine, double? rounding, double? loss) => new("s", "n", [1e-4], [rounding], [engine], 1e-7, 1e-7, loss);
    }

    [Fact]
    public void Without_PyTorch_it_says_which_package_brings_it()
    {
        using var folder = new ScratchFolder();
        foreach (string[] words in (string[][])[["--python", "/nowhere/python3"], ["--python", "dotnet"]])
        {
            var result = BenchProcess.Run(folder.Path, ["verify", "--against", "pytorch", .. words]);
            Assert.Equal(2, result.Status);
            Assert.Contains("python3-torch", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        }

        Assert.Equal(2, BenchProcess.Run(folder.Path, "verify", "--against", "tensorflow").Status);
    }

    // Its Adam goes a hundredth further; a critic's is inside its own step.
    private sealed class HastyDevice(IDevice inner) : IDevice, IVectorOperations
    {
        public string Name => inner.Name;

        public IVectorOperations Vector => this;

        public DeviceArray<T> Allocate<T>(long length)
            where T : unmanaged => inner.Allocate<T>(length);

        public IBdmOperations CreateBdm(BdmShape shape, VarianceSchedule schedule, int models = 1) => inner.CreateBdm(shape, schedule, models);

        public ICriticOperations CreateCritic(CriticShape shape) => inner.CreateCritic(shape);

        public IMlpOperations CreateMlp(MlpShape shape, int models = 1) => inner.CreateMlp(shape, models);

        public void Synchronize() => inner.Synchronize();

        public void Dispose() => inner.Dispose();

        public void FillIndices(in FillIndicesCall call) => inner.Vector.FillIndices(call);

        public void FillNormal(in FillNormalCall call) => inner.Vector.FillNormal(call);

        public void Gather(in GatherCall call) => inner.Vector.Gather(call);

        public void Adam(in AdamCall call) => inner.Vector.Adam(call with { Settings = call.Settings with { LearningRate = 1.01 * call.Settings.LearningRate } });

        public void PolyakAverage(in PolyakAverageCall call) => inner.Vector.PolyakAverage(call);

        public void Clip(in ClipCall call) => inner.Vector.Clip(call);
    }
}
