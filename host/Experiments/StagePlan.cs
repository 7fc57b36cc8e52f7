using System.Text.Json;
using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Engine.Environments;
using EDA.Engine.Experiments;
using EDA.Engine.Runs;
using EDA.Host.Devices;
using EDA.Host.Runs;

namespace EDA.Host.Experiments;

/// <summary>The stages of a run with what each is known by, made without opening the data.</summary>
internal sealed class StagePlan
{
    private StagePlan(RunRequest request, IReadOnlyList<RunStage> stages, IReadOnlyDictionary<string, string> keys) =>
        (Request, Stages, Keys) = (request, stages, keys);

    /// <summary>The run.</summary>
    public RunRequest Request { get; }

    /// <summary>Its stages, in order.</summary>
    public IReadOnlyList<RunStage> Stages { get; }

    /// <summary>The key of each, by name.</summary>
    public IReadOnlyDictionary<string, string> Keys { get; }

    /// <summary>Plans a run.</summary>
    /// <param name="request">The run; of one on a dataset's file the SHA-256 is known.</param>
    /// <returns>The plan.</returns>
    public static StagePlan Of(RunRequest request)
    {
        var settings = request.Settings;
        var inputs = settings.Kind == RunKind.Bandit
            ? new RunInputs()
            : new RunInputs(Environment: EnvironmentCatalogue.Find(settings.Environment), Labels: request.Labels is null ? null : UserLabels.Load(request.Labels));
        var stages = request.Task.Stages([settings], inputs);
        return new StagePlan(request, stages, StageKeys.Of(stages, settings, DataOf(request)));
    }

    /// <summary>What a stage is known by where it does not matter how much of the same it leaves (<see cref="RunStage.WithoutAmounts"/>).</summary>
    public string KindOf(RunStage stage) => StageKeys.Of(Stages, stage.WithoutAmounts(Request.Settings), DataOf(Request))[stage.Name];

    /// <summary>The request with the SHA-256 of its dataset's file.</summary>
    /// <param name="request">A request.</param>
    /// <returns>The same where it has no file, or the digest is known.</returns>
    public static RunRequest WithDigest(RunRequest request) =>
        request.Dataset is null || request.Sha256 is not null ? request : request with { Sha256 = ChecksumFile.Compute(request.Dataset) };

    /// <summary>Where a stage stands in a folder of checkpoints.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="files">The folder's files.</param>
    /// <returns>Steps or rows.</returns>
    public StageProgress Progress(RunStage stage, StageFiles files) => stage.Progress(new SeedRun(Request.Settings, files));

    /// <summary>The stages whose files a stage reads, by name.</summary>
    public IEnumerable<string> ReadBy(RunStage stage) => stage.ReadsAll
        ? Stages.TakeWhile(other => other != stage).Select(other => other.Name)
        : stage.Needs.SelectMany(name => (IEnumerable<string>)[.. ReadBy(Stages.Single(other => other.Name == name)), name]).Distinct();

    // What the data is, and what works on it: another device comes to other bits.
    private static string DataOf(RunRequest request)
    {
        var settings = request.Settings;
        return JsonSerializer.Serialize(new
        {
            settings.Bandit,
            Points = settings.Bandit is null ? 0 : settings.Points,
            Environment = settings.Bandit is null ? settings.Environment : null,
            Rows = settings.Bandit is null && request.Dataset is null ? settings.Rows : 0,
            request.Sha256,
            request.TrustsOrder,
            Model = request.Model is null ? null : Path.GetFileName(request.Model),
            Device = DeviceChoice.Parse(request.Device, request.Precision) is { IsCuda: true } ? "cuda" : request.Device,
            Precision = request.Precision ?? DeviceChoice.DefaultPrecision,
        });
    }
}
