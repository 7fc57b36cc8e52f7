using System.Text.Json.Nodes;
using System.Xml.Linq;
using EDA.Host.Figures;

namespace EDA.Tests.Host;

/// <summary>The comparison of generative models by the command line: numbers, picture, page.</summary>
public sealed class GeneratorsRunTests : IDisposable
{
    /// <summary>The smoke budget, smaller still.</summary>
    public static readonly string[] Small =
    [
        "--budget", "smoke", "--set", "points=400", "width=32", "blocks=1", "behavior.batch=16", "behavior.steps=20", "vae.batch=16", "vae.steps=20", "vae.reportEvery=10", "ebm.batch=16", "ebm.steps=20",
        "ebm.reportEvery=10", "langevin.shortSteps=3", "langevin.longSteps=9", "evaluation.samples=100", "evaluation.distancePoints=100", "evaluation.solverEvaluations=4",
    ];

    private static readonly string[] _keys = ["energy_distance_gaussian", "energy_distance_vae", "energy_distance_ebm_short", "energy_distance_ebm_long", "energy_distance_bdm", "energy_distance_data"];

    private static readonly string[] _titles = ["Gaussian", "VAE", "EBM, 3 steps", "EBM, 9 steps", "BDM, 4 evaluations", "ground truth"];

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_row_has_a_panel_for_each_model()
    {
        var points = new PlanarPoints([0, 1, 2, 9], [0, 1, 2, 9], new float[4]);
        var figure = GeneratorFigure.Draw([.. _titles.Select((title, i) => (title, points, (0.01 * i) - 0.01))], 4.5);
        var root = XDocument.Parse(figure.Svg).Root!;
        Assert.Equal(6, root.Elements().Count(element => element.Name.LocalName == "svg"));
        Assert.Equal(
            [.. _titles.Zip(["−0.0100", "0.0000", "0.0100", "0.0200", "0.0300", "0.0400"]).SelectMany(pair => (string[])[pair.First, pair.Second])],
            root.Elements().Where(element => element.Name.LocalName == "text").Select(element => element.Value));

        // Three points are within the frame.
        Assert.All(root.Elements().Where(element => element.Name.LocalName == "svg"), panel => Assert.Single(panel.Descendants(), path => path.Attribute("d")?.Value.Split('M').Length == 4 && path.Attribute("stroke-linecap")?.Value == "round"));
    }

    [Fact]
    [Trait("speed", "slow")]
    public void A_run_shows_the_six_of_them()
    {
        string run = _folder.At("run");
        var result = EdaProcess.Run(_folder.Path, ["run", "bandit-rings", "--method", "generators", .. Small, "--out", run]);
        Assert.True(result.Status == 0, result.Error);
        var document = Result();
        Assert.Equal("generators", document["method"]!.GetValue<string>());
        Assert.All(_keys, key => Assert.True(double.IsFinite(document[key]!.GetValue<double>())));
        Assert.Equal(["behavior", "vae", "ebm"], document["steps"]!.AsObject().Select(stage => stage.Key));
        string page = File.ReadAllText(Path.Combine(run, "index.html")), figure = File.ReadAllText(Path.Combine(run, "figures", "overview.svg"));
        foreach (string title in _titles)
        {
            Assert.Contains($">{title}<", figure, StringComparison.Ordinal);
            Assert.Contains($">{title}<", page, StringComparison.Ordinal);
            Assert.Contains(title + " ", result.Output, StringComparison.Ordinal);
        }

        Assert.All(_keys, key => Assert.Contains($"<code>{key}</code>", page, StringComparison.Ordinal));
        Assert.Contains("generators: generative models", page, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(run, "figures", "losses.svg")));

        // What the folder holds is documented, and measured again it is the same.
        string documentation = File.ReadAllText(Path.Combine(EDA.Host.Setup.SourceTree.RequireRoot(), "docs", "run-folder.md"));
        Assert.All([.. document.Select(entry => entry.Key), "vae", "ebm", "langevin"], key => Assert.Contains($"`{key}`", documentation, StringComparison.Ordinal));
        Assert.All(["vae.safetensors", "ebm.safetensors"], (string file) => Assert.True(File.Exists(Path.Combine(run, "checkpoints", file)) && documentation.Contains(file, StringComparison.Ordinal)));
        Assert.Equal(0, EdaProcess.Run(_folder.Path, "resume", run).Status);
        Assert.All(_keys, key => Assert.Equal(document[key]!.GetValue<double>(), Result()[key]!.GetValue<double>()));

        var refused = EdaProcess.Run(_folder.Path, ["run", "bandit-rings", "--method", "generators", .. Small, "--objective", "dpo"]);
        Assert.Equal(2, refused.Status);
        Assert.Contains("nothing with the method generators", Assert.Single(refused.ErrorLines), StringComparison.Ordinal);

        JsonObject Result() => JsonNode.Parse(File.ReadAllText(Path.Combine(run, "result.json")))!.AsObject();
    }
}
