using EDA.Bench.Timing;
using EDA.Host.Devices;
using EDA.Kernels;
using MathNet.Numerics.Statistics;

namespace EDA.Bench.Peaks;

/// <summary>Measures a device's peaks, a turn at a time, so that turns can alternate with what they are compared with.</summary>
internal interface IPeakMeter : IDisposable
{
    /// <summary>The medians of the turns so far.</summary>
    DevicePeaks Peaks { get; }

    /// <summary>One turn: every load once.</summary>
    void Measure();
}

/// <summary>Chooses the meter of a device.</summary>
internal static class PeakMeter
{
    /// <summary>Makes it.</summary>
    /// <param name="device">The device.</param>
    /// <param name="copies">Whether a processor's memory is measured, which takes memory.</param>
    /// <returns>The meter, owned by the caller.</returns>
    public static IPeakMeter For(IDevice device, bool copies = true) =>
        device is IMeasuredDevice measured ? new LaunchedPeaks(measured) : new ProcessorPeaks(DeviceChoice.Options().Threads, copies);

    /// <summary>Makes one of the processor's, with so many threads.</summary>
    /// <param name="threads">The threads.</param>
    /// <returns>The meter, owned by the caller.</returns>
    public static IPeakMeter OfProcessor(int threads) => new ProcessorPeaks(threads, copies: true);

    private sealed class ProcessorPeaks(int threads, bool copies) : IPeakMeter
    {
        private readonly FmaPeak _multiplyAdds = new(threads);
        private readonly CopyPeak? _copy = copies ? new(threads) : null;

        public DevicePeaks Peaks => new(_multiplyAdds.Gflops, $"{_multiplyAdds.Best} multiply-adds on registers, {threads} threads", _copy?.Gbps ?? double.NaN, $"copy, {threads} threads");

        public void Measure()
        {
            _multiplyAdds.Measure();
            _copy?.Measure();
        }

        public void Dispose() => _copy?.Dispose();
    }

    private sealed class LaunchedPeaks : IPeakMeter
    {
        private readonly IMeasuredDevice _device;
        private readonly IPeakLoads _loads;
        private readonly List<double>[] _rates;

        public LaunchedPeaks(IMeasuredDevice device)
        {
            (_device, _loads) = (device, device.CreatePeakLoads());
            _rates = [.. _loads.All.Select(_ => new List<double>())];
            foreach (var load in _loads.All)
                load.Run(); // whatever is loaded or compiled late
        }

        public DevicePeaks Peaks
        {
            get
            {
                var (gflops, arithmetic) = Best(DeviceLimit.Arithmetic);
                var (gbps, memory) = Best(DeviceLimit.Memory);
                return new DevicePeaks(gflops, arithmetic, gbps, memory);
            }
        }

        public void Measure()
        {
            int count = _device.IsAsynchronous ? 4 : 1;
            for (int i = 0; i < _rates.Length; i++)
                _rates[i].Add(_loads.All[i].Work / DeviceClock.Seconds(_device, DeviceClock.Repeated(_loads.All[i].Run), count) / 1e9);
        }

        public void Dispose() => _loads.Dispose();

        private (double Rate, string Name) Best(DeviceLimit limit) => _loads.All
            .Select((load, i) => (load.Limit, Rate: _rates[i].Median(), load.Name))
            .Where(load => load.Limit == limit)
            .Select(load => (load.Rate, load.Name))
            .MaxBy(load => load.Rate);
    }
}
