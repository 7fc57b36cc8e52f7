using EDA.Engine.Alignment;
using EDA.Engine.Critics;
using EDA.Engine.Data;
using EDA.Engine.Diffusion;
using EDA.Engine.Evaluation;
using EDA.Engine.Runs;
using EDA.Host.Devices;
using EDA.Host.Runs;

namespace EDA.Host.Experiments;

/// <summary>How long the stages of a run would take on this machine, by a few steps of each that are measured.</summary>
public sealed class StageTimes
{
    private const int Episodes = 20, States = 128, BehaviorSteps = 40, CriticSteps = 80, AlignmentSteps = 8;

    private readonly Dictionary<string, double> _secondsPerStep;
    private readonly int _transitions;

    private StageTimes(Dictionary<string, double> secondsPerStep, int transitions) => (_secondsPerStep, _transitions) = (secondsPerStep, transitions);

    /// <summary>Takes a few steps of every stage of a run, in a folder that is deleted again.</summary>
    /// <param name="request">The run.</param>
    /// <returns>What they took.</returns>
    public static StageTimes Measure(RunRequest request)
    {
        var settings = request.Settings;
        var small = settings with
        {
            Points = Math.Min(settings.Points, 20_000),
            Behavior = settings.Behavior with { Steps = Math.Min(settings.Behavior.Steps, BehaviorSteps) },
            Critic = settings.Critic with { Steps = Math.Min(settings.Critic.Steps, settings.Critic.Method.AlternatesWithAlignment ? AlignmentSteps : CriticSteps) },
            Weighted = settings.Weighted with { Training = settings.Weighted.Training with { Steps = Math.Min(settings.Weighted.Training.Steps, BehaviorSteps) } },
            Method = settings.Method.WithSteps(Math.Min(settings.Method.CountSteps(), CriticSteps)),
            Labels = settings.Labels with { MostStates = States },
            Alignment = settings.Alignment with { Steps = Math.Min(settings.Alignment.Steps, AlignmentSteps) },
            Evaluation = settings.Evaluation with { Episodes = Math.Min(settings.Evaluation.Episodes, Episodes), Every = 0, ShownStates = 0 },
        };
        var inputs = (request with { Settings = small }).Open(rollsOut: true);
        using var device = DeviceChoice.Parse(request.Device, request.Precision, request.NoGraphs).Open();

        // The first time through the program is compiled.
        RunOnce();
        var result = RunOnce();
        double scale = settings.Kind == RunKind.Dataset ? (double)settings.Evaluation.Episodes / small.Evaluation.Episodes : 1;
        return new StageTimes(
            result.Stages.GroupBy(stage => stage.Stage).ToDictionary(stages => stages.Key, stages => stages.Sum(stage => stage.Seconds) / (stages.Key == Rollouts.StageName ? 1 / scale : Math.Max(1, stages.Max(stage => stage.Steps)))),
            inputs.Dataset is null ? 0 : new QLearningView(inputs.Dataset).Count);

        RunResult RunOnce()
        {
            string folder = Directory.CreateTempSubdirectory("eda-times-").FullName;
            try
            {
                return new RunPipeline(device, request.Task, inputs, small, new StageFiles(folder)).Run();
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    /// <summary>The seconds of one stage of a run of this kind.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="settings">The run's settings.</param>
    /// <returns>About how many.</returns>
    public double Of(RunStage stage, RunSettings settings) => stage.Reports.Sum(name => _secondsPerStep.GetValueOrDefault(name) * Steps(name, settings, _transitions));

    /// <summary>How many steps, or rows, of what a stage does a run takes.</summary>
    /// <param name="name">The name of what it does, as reports have it.</param>
    /// <param name="settings">The run's settings.</param>
    /// <param name="transitions">The transitions of its dataset.</param>
    /// <returns>Their number; 1 for an evaluation.</returns>
    public static double Steps(string name, RunSettings settings, int transitions) => name switch
    {
        BehaviorPretraining.StageName => settings.Behavior.Steps,
        BehaviorPretraining.WeightedName => settings.Weighted.Training.Steps,
        CriticTraining.StageName => settings.Critic.Steps,
        SoftmaxQLearning.SamplingName => transitions,
        CandidateSampling.StageName or CandidateLabelling.StageName => LabelSelection.Count(transitions, settings.Labels.Fraction, settings.Labels.MostStates),
        PolicyAlignment.StageName => settings.Alignment.Steps,
        RunStages.Policy or RunStages.Vae or RunStages.Ebm => settings.Method.CountSteps(name),
        _ => 1,
    };
}
