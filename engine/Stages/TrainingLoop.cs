using System.Diagnostics;
using EDA.Kernels;

namespace EDA.Engine.Stages;

/// <summary>Takes one step of a stage, leaves what it measured on the device, and says what the learning rate was.</summary>
internal delegate double TrainingStep(long step, DeviceArray<float> measured);

/// <summary>
/// The course of a stage, of one seed or of several side by side: steps, reports of the means since the last,
/// cancellation, divergence. Nothing but the means of a report crosses from the device.
/// </summary>
internal sealed class TrainingLoop : IDisposable
{
    private readonly IDevice _device;
    private readonly string _stage;
    private readonly long _total;
    private readonly int _reportEvery;
    private readonly string[] _names;
    private readonly int _models;
    private readonly TrainingStep _step;
    private readonly DeviceArray<float> _measured;
    private readonly DeviceArray<float> _means;
    private readonly float[] _numbers;
    private readonly double?[] _lastLosses;
    private readonly Stopwatch _watch = new();
    private IReadOnlyList<SeedTraining> _seeds = [];
    private bool _divergenceEndsAll;
    private bool _isOver;
    private int _stepsInMean;
    private double _learningRate;

    /// <param name="device">Where the steps are taken.</param>
    /// <param name="stage">The stage's name.</param>
    /// <param name="total">The steps of the whole stage.</param>
    /// <param name="reportEvery">Steps from one report to the next.</param>
    /// <param name="names">What a step measures, the loss first.</param>
    /// <param name="step">Takes a step; what it measures is [names×models].</param>
    /// <param name="models">The number of seeds.</param>
    public TrainingLoop(IDevice device, string stage, long total, int reportEvery, string[] names, TrainingStep step, int models = 1)
    {
        (_device, _stage, _total, _reportEvery, _names, _step, _models) = (device, stage, total, reportEvery, names, step, models);
        _numbers = new float[names.Length * models];
        _lastLosses = new double?[models];
        _measured = device.Allocate<float>(_numbers.Length);
        _means = device.Allocate<float>(_numbers.Length);
    }

    /// <summary>The steps done.</summary>
    public long Step { get; private set; }

    /// <summary>Takes one seed's steps until all are done, or fewer.</summary>
    /// <exception cref="TrainingDivergedException">What it measured is no longer a number.</exception>
    public StageResult Run(ITrainingObserver? observer, long? until, CancellationToken cancellation)
    {
        Begin(observer);
        AdvanceTo(until, cancellation);
        return End();
    }

    /// <summary>Takes the steps of several seeds until all are done, or fewer, or every seed has diverged.</summary>
    /// <param name="seeds">One for each model.</param>
    /// <param name="until">Where to stop, in steps from the very first; null for all.</param>
    /// <param name="cancellation">Ends the run after the step under way.</param>
    public void Run(IReadOnlyList<SeedTraining> seeds, long? until, CancellationToken cancellation)
    {
        Begin(seeds, divergenceEndsAll: false);
        AdvanceTo(until, cancellation);
        End();
    }

    /// <summary>Begins a run of one seed's steps, which <see cref="End"/> ends.</summary>
    public void Begin(ITrainingObserver? observer) => Begin([new SeedTraining(observer)], divergenceEndsAll: true);

    /// <summary>Takes one step, and reports where it is time to.</summary>
    public void Advance()
    {
        _learningRate = _step(Step, _measured);
        Step++;
        if (_stepsInMean == 0)
        {
            // Averaged with weight 0, a number that is none would stay.
            Array.Clear(_numbers);
            _means.CopyFrom(_numbers);
        }

        _device.Vector.PolyakAverage(_means, _measured, 1f / ++_stepsInMean);
        if (Step % _reportEvery == 0)
            Report();
    }

    /// <summary>Ends a run of steps with a report of what has not been reported.</summary>
    public StageResult End()
    {
        if (_stepsInMean > 0)
            Report();
        _device.Synchronize();
        double seconds = _watch.Elapsed.TotalSeconds;
        var results = _lastLosses.Select(loss => new StageResult(_stage, Step, _total, seconds, loss)).ToList();
        for (int m = 0; m < _models; m++)
            _seeds[m].Finish(results[m]);
        _seeds = [];
        return results[0];
    }

    /// <summary>Goes on from another step.</summary>
    public void Restart(long step)
    {
        Step = step;
        _stepsInMean = 0;
        Array.Clear(_lastLosses);
    }

    public void Dispose()
    {
        _measured.Dispose();
        _means.Dispose();
    }

    private void Begin(IReadOnlyList<SeedTraining> seeds, bool divergenceEndsAll)
    {
        if (seeds.Count != _models)
            throw new ArgumentException($"{seeds.Count} seeds where {_models} are trained", nameof(seeds));
        (_seeds, _divergenceEndsAll) = (seeds, divergenceEndsAll);
        _watch.Restart();
        foreach (var seed in seeds)
            seed.Start(_stage, Step, _total);
        _isOver = seeds.All(seed => seed.Divergence is not null);
    }

    private void AdvanceTo(long? until, CancellationToken cancellation)
    {
        long stop = Math.Min(until ?? _total, _total);
        while (Step < stop && !cancellation.IsCancellationRequested && !_isOver)
            Advance();
    }

    private void Report()
    {
        _means.CopyTo(_numbers);
        _stepsInMean = 0;
        double seconds = _watch.Elapsed.TotalSeconds;
        for (int m = 0; m < _models; m++)
        {
            var metrics = new Metric[_names.Length + 1];
            for (int i = 0; i < _names.Length; i++)
                metrics[i] = new Metric(_names[i], _numbers[(i * _models) + m]);
            metrics[^1] = new Metric("learning_rate", _learningRate);
            _lastLosses[m] = metrics[0].Value;
            if (Array.FindIndex(metrics, metric => !double.IsFinite(metric.Value)) is >= 0 and int found)
                Diverge(_seeds[m], new TrainingDivergedException(_stage, Step, metrics[found].Value));
            else
                _seeds[m].Report(new TrainingProgress(_stage, Step, _total, seconds, metrics));
        }

        _isOver = _seeds.All(seed => seed.Divergence is not null);
    }

    // One seed's end is an exception; among several it concerns nobody else.
    private void Diverge(SeedTraining seed, TrainingDivergedException divergence)
    {
        if (_divergenceEndsAll)
            throw divergence;
        seed.Diverge(divergence);
    }
}
