using System.Diagnostics;
using EDA.Kernels;

namespace EDA.Engine.Stages;

/// <summary>Takes one step of a stage, leaves what it measured on the device, and says what the learning rate was.</summary>
internal delegate double TrainingStep(long step, DeviceArray<float> measured);

/// <summary>
/// The course of a stage: steps, reports of the means since the last, cancellation, divergence. Nothing but the means of
/// a report crosses from the device.
/// </summary>
internal sealed class TrainingLoop : IDisposable
{
    private readonly IDevice _device;
    private readonly string _stage;
    private readonly long _total;
    private readonly int _reportEvery;
    private readonly string[] _names;
    private readonly TrainingStep _step;
    private readonly DeviceArray<float> _measured;
    private readonly DeviceArray<float> _means;
    private readonly float[] _numbers;
    private readonly Stopwatch _watch = new();
    private ITrainingObserver? _observer;
    private int _stepsInMean;
    private double _learningRate;
    private double? _lastLoss;

    /// <param name="device">Where the steps are taken.</param>
    /// <param name="stage">The stage's name.</param>
    /// <param name="total">The steps of the whole stage.</param>
    /// <param name="reportEvery">Steps from one report to the next.</param>
    /// <param name="names">What a step measures, the loss first.</param>
    /// <param name="step">Takes a step.</param>
    public TrainingLoop(IDevice device, string stage, long total, int reportEvery, string[] names, TrainingStep step)
    {
        (_device, _stage, _total, _reportEvery, _names, _step) = (device, stage, total, reportEvery, names, step);
        _measured = device.Allocate<float>(names.Length);
        _means = device.Allocate<float>(names.Length);
        _numbers = new float[names.Length];
    }

    /// <summary>The steps done.</summary>
    public long Step { get; private set; }

    /// <summary>Takes steps until all are done, or fewer.</summary>
    public StageResult Run(ITrainingObserver? observer, long? until, CancellationToken cancellation)
    {
        long stop = Math.Min(until ?? _total, _total);
        Begin(observer);
        while (Step < stop && !cancellation.IsCancellationRequested)
            Advance();
        return End();
    }

    /// <summary>Begins a run of steps, which <see cref="End"/> ends.</summary>
    public void Begin(ITrainingObserver? observer)
    {
        _observer = observer;
        _watch.Restart();
        observer?.StageStarted(_stage, Step, _total);
    }

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
        var result = new StageResult(_stage, Step, _total, _watch.Elapsed.TotalSeconds, _lastLoss);
        _observer?.StageFinished(result);
        _observer = null;
        return result;
    }

    /// <summary>Goes on from another step.</summary>
    public void Restart(long step)
    {
        Step = step;
        _stepsInMean = 0;
        _lastLoss = null;
    }

    public void Dispose()
    {
        _measured.Dispose();
        _means.Dispose();
    }

    private void Report()
    {
        _means.CopyTo(_numbers);
        _stepsInMean = 0;
        _lastLoss = _numbers[0];
        foreach (float number in _numbers)
        {
            if (!float.IsFinite(number))
                throw new TrainingDivergedException(_stage, Step, number);
        }

        if (_observer is null)
            return;
        var metrics = new Metric[_names.Length + 1];
        for (int i = 0; i < _names.Length; i++)
            metrics[i] = new Metric(_names[i], _numbers[i]);
        metrics[^1] = new Metric("learning_rate", _learningRate);
        _observer.Progress(new TrainingProgress(_stage, Step, _total, _watch.Elapsed.TotalSeconds, metrics));
    }
}
